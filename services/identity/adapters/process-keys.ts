import { join } from 'node:path';
import { Failure } from '#libs/errors/failure.js';
import { ledgerName } from '#libs/ledger/ledger-place.js';
import { parseLedgerSecrets } from '#libs/ledger/ledger-secrets.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { MasterKeys } from '#libs/runtime/master-keys.js';
import type { Secret } from '#libs/runtime/secret.js';
import { readOrCreateKey } from '#services/identity/adapters/key-file.js';
import type { LedgerKeys } from '#services/identity/adapters/open-ledgers.js';
import type { IdentityConfig } from '#services/identity/config.js';

/** The keys of a process: from the configuration, or (embedded log only) from the data folder. */
export function processKeys(config: IdentityConfig): {
  readonly masterKeys: MasterKeys;
  readonly macKeys: LedgerKeys;
} {
  const fromFile = (given: Secret | undefined, name: string, variable: string): Secret => {
    if (given !== undefined) return given;
    if (config.log === 'embedded') return readOrCreateKey(join(config.dataDir, 'keys', name));
    throw new Failure('MISCONFIGURED', `set ${variable} (or ${variable}_FILE)`);
  };
  const master = fromFile(config.masterKey, 'master.key', 'LEDGATE_MASTER_KEY');
  const ledger = fromFile(config.ledgerKey, 'ledger.key', 'LEDGATE_LEDGER_KEY');
  const secrets = parseLedgerSecrets(ledger);
  const of = (id: 'L' | 'S'): MacKeys => new MacKeys(ledgerName(config, id), secrets);
  return { masterKeys: MasterKeys.parse(master), macKeys: { L: of('L'), S: of('S') } };
}
