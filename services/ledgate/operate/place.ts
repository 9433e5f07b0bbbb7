import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#libs/errors/failure.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { ledgerPlaceFrom, ledgerVariables, type LedgerPlace } from '#libs/ledger/ledger-place.js';
import { macKeysOf, openLog } from '#libs/ledger/open-ledger.js';
import { readEnv } from '#libs/runtime/env.js';

/** The ledger and the key to judge it by, without a service in between. */
export interface LedgerAccess {
  readonly log: EventLog;
  readonly macKeys: MacKeys;
  readonly place: LedgerPlace;
}

/**
 * Opens the ledger that the environment, or `--data` and `--brokers`, name. Close its log.
 *
 * @throws Failure MISCONFIGURED when there is none; nothing is ever created here.
 */
export function openLedgerOf(flags: { data: string; brokers?: string[] }): LedgerAccess {
  const { data, brokers } = flags;
  const fromFlags = {
    LEDGATE_DATA_DIR: data,
    ...(brokers && { LEDGATE_LOG: 'kafka', LEDGATE_KAFKA_BROKERS: brokers.join(',') }),
  };
  const alsoKnown = Object.keys(process.env).filter((name) => name.startsWith('LEDGATE_'));
  const env = readEnv(ledgerVariables, { env: { ...process.env, ...fromFlags }, alsoKnown });
  const place = ledgerPlaceFrom(env);
  if (place.log === 'embedded' && !existsSync(join(data, 'ledger', 'data.mdb'))) {
    const advice = 'say where it is: --data, or --brokers for Kafka';
    throw new Failure('MISCONFIGURED', `there is no ledger in ${data}: ${advice}`);
  }
  const macKeys = macKeysOf(place);
  const log = openLog(place, () => {});
  return { log, macKeys, place };
}
