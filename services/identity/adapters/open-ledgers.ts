import { sessionLedgerRules, stateLedgerRules } from '#libs/decider/ledger-rules.js';
import { openSessionSnapshots, openSnapshots } from '#libs/history/open-snapshots.js';
import type { CheckpointTrust } from '#libs/ledger/checkpoint-pair.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { ledgerName, type LedgerId } from '#libs/ledger/ledger-place.js';
import { lateStart } from '#libs/ledger/late-start.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { openLedger, openLog } from '#libs/ledger/open-ledger.js';
import type { Vault } from '#libs/ledger/vault.js';
import type { Clock } from '#libs/runtime/clock.js';
import { systemRandom, type Ids } from '#libs/runtime/ids.js';
import type { Logger } from '#libs/runtime/log.js';
import type { Shutdown } from '#libs/runtime/shutdown.js';
import { LmdbState, sessionStateForm } from '#services/identity/adapters/lmdb-state.js';
import { dropUnversionedState, stateFolder } from '#services/identity/adapters/state-versions.js';
import { IdentityFold } from '#services/identity/app/identity-fold.js';
import { identityFacts } from '#services/identity/app/ledger-fold.js';
import { LedgerSession, type LedgerSessionOptions } from '#services/identity/app/ledger-session.js';
import { SessionFold } from '#services/identity/app/session-fold.js';
import type { IdentityConfig } from '#services/identity/config.js';
import { evolve } from '#services/identity/domain/evolve.js';

export interface LedgerStores {
  readonly log: EventLog;
  readonly sessionLog: EventLog;
  readonly vault: Vault;
}

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  readonly ids: Ids;
  /** Called with every alarm of a reader. */
  readonly onAlarm: Iterable<() => void>;
}

export type LedgerKeys = Readonly<Record<LedgerId, MacKeys>>;

/** The stores that were injected, and those that the configuration names; what is opened is closed. */
export function openStores(
  config: IdentityConfig,
  injected: Partial<LedgerStores>,
  { logger, shutdown }: Pick<Surroundings, 'logger' | 'shutdown'>,
): LedgerStores {
  const { log, vault, sessionLog } = injected;
  const onTrouble = (trouble: object): void => logger.warn({ trouble }, 'trouble with Kafka');
  if (log === undefined || vault === undefined) {
    const opened = openLedger(config, onTrouble);
    shutdown.add('stores', () => opened.close());
    return opened;
  }
  if (sessionLog !== undefined) return { log, sessionLog, vault };
  const opened = openLog(config, onTrouble, 'S');
  shutdown.add('session log', () => opened.close());
  return { log, sessionLog: opened, vault };
}

/** Both ledgers as this instance follows and writes them; nothing is read yet. */
export function openLedgers(
  config: IdentityConfig,
  { log, sessionLog }: LedgerStores,
  keys: LedgerKeys,
  surroundings: Surroundings,
): { readonly ledger: LedgerSession; readonly sessions: LedgerSession<SessionFold> } {
  const { clock, logger, shutdown } = surroundings;
  dropUnversionedState(config.dataDir);
  const onTrouble = (trouble: object): void => logger.warn({ trouble }, 'trouble with a snapshot');
  const snapshotsOf = { kind: 'identity', facts: identityFacts, macKeys: keys.L };
  const snapshots = openSnapshots(config, snapshotsOf, clock, onTrouble);
  const state = new LmdbState(stateFolder(config.dataDir));
  const ledger = new LedgerSession({
    ...commonParts('L', surroundings),
    log,
    macKeys: keys.L,
    rules: stateLedgerRules,
    fold: new IdentityFold(state, evolve, snapshots),
    snapshots,
  });
  shutdown.add('ledger', () => ledger.close());
  const sessionState = new LmdbState(stateFolder(config.dataDir, 'S'), sessionStateForm);
  const ofSessions = { ...snapshotsOf, macKeys: keys.S };
  const sessionSnapshots = openSessionSnapshots(config, ofSessions, clock, onTrouble);
  const fold = new SessionFold(sessionState, evolve, sessionSnapshots);
  const trustOf = (): CheckpointTrust | undefined => {
    const { cluster } = ledger.fold;
    if (cluster === undefined) return undefined;
    const { clusterId, auditPublicKey: publicKey } = cluster;
    return { log: sessionLog, publicKey, clusterId, ledger: ledgerName(config, 'S') };
  };
  const sessions = new LedgerSession({
    ...commonParts('S', surroundings),
    log: sessionLog,
    macKeys: keys.S,
    rules: sessionLedgerRules,
    fold,
    featureLevel: () => ledger.fold.featureLevel,
    origin: async () => {
      const trust = trustOf();
      return trust && fold.startLate(trust);
    },
    pastOrigin: async () => {
      const trust = trustOf();
      if (trust === undefined || (await sessionLog.start()) === 0) return undefined;
      return lateStart(trust);
    },
  });
  shutdown.add('session ledger', () => sessions.close());
  return { ledger, sessions };
}

type Common = Pick<LedgerSessionOptions<never>, 'clock' | 'ids' | 'random' | 'onAlarm' | 'onFence'>;

function commonParts(ledger: LedgerId, { clock, ids, logger, onAlarm }: Surroundings): Common {
  return {
    clock,
    ids,
    random: systemRandom,
    onAlarm: (alarm) => {
      logger.error({ ledger, alarm }, 'ledger alarm');
      for (const listener of onAlarm) listener();
    },
    onFence: (why) => logger.warn({ ledger, why }, 'the outcome of an append is unknown: fencing'),
  };
}
