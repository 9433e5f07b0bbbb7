import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '#libs/errors/failure.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import {
  ledgerPlaceFrom,
  ledgerVariables,
  type LedgerId,
  type LedgerPlace,
} from '#libs/ledger/ledger-place.js';
import { macKeysOf, openLedger, openLog } from '#libs/ledger/open-ledger.js';
import type { Vault } from '#libs/ledger/vault.js';
import { readEnv } from '#libs/runtime/env.js';

/** The ledger and the key to judge it by, without a service in between. */
export interface LedgerAccess {
  readonly ledger: LedgerId;
  readonly log: EventLog;
  readonly macKeys: MacKeys;
  readonly place: LedgerPlace;
}

export interface PlaceFlags {
  readonly data: string;
  readonly brokers?: string[] | undefined;
  /** Default: L. */
  readonly ledger?: LedgerId | undefined;
}

/**
 * Opens the ledger that the environment, or `--data` and `--brokers`, name. Close its log.
 *
 * @throws Failure MISCONFIGURED when there is none; nothing is ever created here.
 */
export function openLedgerOf(flags: PlaceFlags): LedgerAccess {
  const place = ledgerPlaceOf(flags);
  requireThere(place);
  const { ledger = 'L' } = flags;
  const macKeys = macKeysOf(place, ledger);
  const log = openLog(place, () => {}, ledger);
  return { ledger, log, macKeys, place };
}

/** Ledgers and vault; close all at once. */
export interface StoresAccess {
  readonly place: LedgerPlace;
  readonly log: EventLog;
  /** Ledger S. */
  readonly sessionLog: EventLog;
  readonly vault: Vault;
  close(): Promise<void>;
}

/** Opens ledgers and vault of a place. What Kafka's vault holds is read into a folder of its own. */
export function openStoresOf(place: LedgerPlace): StoresAccess {
  const cache = mkdtempSync(join(tmpdir(), 'ledgate-vault-'));
  const dataDir = place.log === 'embedded' ? place.dataDir : cache;
  const opened = openLedger({ ...place, dataDir }, () => {});
  return {
    place,
    log: opened.log,
    sessionLog: opened.sessionLog,
    vault: opened.vault,
    close: async () => {
      await opened.close();
      rmSync(cache, { recursive: true, force: true });
    },
  };
}

/** Throws MISCONFIGURED when a place on the disk has no ledger. */
export function requireThere(place: LedgerPlace): void {
  if (place.log !== 'embedded' || existsSync(join(place.dataDir, 'ledger', 'data.mdb'))) return;
  const advice = 'say where it is: --data, or --brokers for Kafka';
  throw new Failure('MISCONFIGURED', `there is no ledger in ${place.dataDir}: ${advice}`);
}

/** The place that the environment, or `--data` and `--brokers`, name; there need be nothing yet. */
export function ledgerPlaceOf(flags: PlaceFlags): LedgerPlace {
  const { data, brokers } = flags;
  const fromFlags = {
    LEDGATE_DATA_DIR: data,
    ...(brokers && { LEDGATE_LOG: 'kafka', LEDGATE_KAFKA_BROKERS: brokers.join(',') }),
  };
  const alsoKnown = Object.keys(process.env).filter((name) => name.startsWith('LEDGATE_'));
  const env = readEnv(ledgerVariables, { env: { ...process.env, ...fromFlags }, alsoKnown });
  return ledgerPlaceFrom(env);
}
