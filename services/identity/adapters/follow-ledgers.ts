import { Failure } from '#libs/errors/failure.js';
import { ledgerName } from '#libs/ledger/ledger-place.js';
import type { MasterKeys } from '#libs/runtime/master-keys.js';
import { FirstKeyFile } from '#services/identity/adapters/first-key-file.js';
import type { LedgerKeys } from '#services/identity/adapters/open-ledgers.js';
import { announceMacKey } from '#services/identity/app/announce-mac-key.js';
import { bootstrap, type Bootstrap } from '#services/identity/app/bootstrap.js';
import { requireLedgerKey, requireMasterKey } from '#services/identity/app/check-keys.js';
import { defineBuiltIn } from '#services/identity/app/define-built-in.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { reopen, type RestoredFrom } from '#services/identity/app/reopen.js';
import { startSessions } from '#services/identity/app/session-ledger.js';
import type { IdentityConfig } from '#services/identity/config.js';

export interface Founding {
  /** Found the cluster when the ledger is empty. Default: only on the embedded log. */
  readonly bootstrap?: boolean;
  /** The ledger was restored up to here: begin a new epoch, and issue a first credential in it. */
  readonly reopen?: RestoredFrom;
}

export interface FollowedLedgers {
  readonly founded: Bootstrap | undefined;
  /** Stops waiting for the level that allows sessions. */
  stop(): void;
}

/** Reads the ledgers to their ends, founds them where empty, and writes what this build brings. */
export async function followLedgers(
  parts: IdentityParts,
  config: IdentityConfig,
  founding: Founding,
  masterKeys: MasterKeys,
  keys: LedgerKeys,
): Promise<FollowedLedgers> {
  const { ledger, log } = parts;
  await ledger.start();
  requireLedgerKey(ledger);
  const founded = await found(parts, config, founding, masterKeys, keys);
  if (ledger.fold.cluster === undefined) {
    throw new Failure('MISCONFIGURED', 'the ledger is empty: run "ledgate init" first');
  }
  await requireMasterKey(parts);
  const announced = await announceMacKey(ledger, keys.L);
  if (announced !== undefined) log.warn({ macKeyId: announced }, 'a new ledger key is in force');
  const stop = await startSessions(parts, { ledger: ledgerName(config, 'S'), macKeys: keys.S });
  parts.revocations?.resume();
  const completed = await defineBuiltIn(ledger);
  if (completed > 0) log.info({ tenants: completed }, 'permissions of this build were defined');
  return { founded, stop };
}

/** Founds the cluster on an empty ledger, and keeps the first credential where its owner finds it. */
async function found(
  parts: IdentityParts,
  config: IdentityConfig,
  founding: Founding,
  masterKeys: MasterKeys,
  keys: LedgerKeys,
): Promise<Bootstrap | undefined> {
  const firstKey = new FirstKeyFile(config.dataDir);
  if (founding.reopen !== undefined) {
    const reopened = await reopen(parts, founding.reopen, firstKey);
    if (reopened !== undefined) firstKey.confirm();
    return reopened;
  }
  if (!(founding.bootstrap ?? config.log === 'embedded')) return undefined;
  const founded = await bootstrap(parts, {
    firstKey,
    ledger: ledgerName(config),
    macKeys: keys.L,
    auditSeed: masterKeys.derive('audit signature'),
    createdBy: 'ledgate identity',
  });
  if (founded === undefined) return undefined;
  firstKey.confirm();
  const { path } = firstKey;
  parts.log.info({ path }, 'cluster founded; the first API key is in this file: move it away');
  return founded;
}
