import { sessionLedgerSince } from '#libs/decider/ledger-rules.js';
import type { AccessSnapshots } from '#libs/history/access-snapshots.js';
import { openSessionSnapshots, openSnapshots } from '#libs/history/open-snapshots.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { ledgerName, type LedgerId, type LedgerPlace } from '#libs/ledger/ledger-place.js';
import { macKeysOf } from '#libs/ledger/open-ledger.js';
import { Reader, type ReaderAlarm } from '#libs/ledger/reader.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Logger } from '#libs/runtime/log.js';
import type { Shutdown } from '#libs/runtime/shutdown.js';
import { AccessFold } from './access-fold.js';
import { SessionFold } from './session-fold.js';
import { SessionLedger } from './session-ledger.js';
import { accessFacts, type FoldableView, type ViewFold } from './view-fold.js';

export interface LedgerLogs {
  readonly log: EventLog;
  readonly sessionLog: EventLog;
}

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
}

/** Both ledgers as an authorizer follows them. */
export interface FollowedLedgers {
  readonly reader: Reader;
  readonly fold: AccessFold;
  readonly snapshots: AccessSnapshots | undefined;
  readonly sessions: SessionLedger;
  readonly sessionReader: Reader;
  /** Resolves once both have reached the end of their log; of S only when the cell may have it. */
  start(): Promise<void>;
}

/** Opens both; nothing is read yet. */
export function openFollowed(
  place: LedgerPlace,
  { log, sessionLog }: LedgerLogs,
  surroundings: Surroundings,
): FollowedLedgers {
  const { clock, logger, shutdown } = surroundings;
  const onAlarm = (ledger: LedgerId) => (alarm: ReaderAlarm) =>
    logger.error({ ledger, alarm }, 'ledger alarm');
  const onTrouble = (trouble: object): void => logger.warn({ trouble }, 'trouble with a snapshot');
  const keys = { L: macKeysOf(place, 'L'), S: macKeysOf(place, 'S') };
  const owner = { kind: 'authorizer', facts: accessFacts };
  const snapshots = openSnapshots(place, { ...owner, macKeys: keys.L }, clock, onTrouble);
  const ofSessions = openSessionSnapshots(place, { ...owner, macKeys: keys.S }, clock, onTrouble);
  const fold = new AccessFold(snapshots);
  const sessionFold = new SessionFold(ofSessions);
  const reader = new Reader({ log, clock, fold, macKeys: keys.L, onAlarm: onAlarm('L') });
  const sessionReader = new Reader({
    log: sessionLog,
    clock,
    fold: sessionFold,
    macKeys: keys.S,
    onAlarm: onAlarm('S'),
    origin: async () => {
      const { cluster } = fold;
      if (cluster === undefined) return undefined;
      const { clusterId, auditPublicKey: publicKey } = cluster;
      const ledger = ledgerName(place, 'S');
      return sessionFold.startLate({ log: sessionLog, publicKey, clusterId, ledger });
    },
  });
  shutdown.add('reader', () => closed(reader, fold));
  shutdown.add('session reader', () => closed(sessionReader, sessionFold));
  const sessions = new SessionLedger({
    log: sessionLog,
    reader: sessionReader,
    fold: sessionFold,
    clock,
  });
  const followSessions = async (): Promise<void> => {
    await sessionFold.load();
    await sessionReader.start();
    sessions.arrived();
  };
  const start = async (): Promise<void> => {
    await fold.load();
    await reader.start();
    if (fold.featureLevel >= sessionLedgerSince) return followSessions();
    sessions.arriving();
    const stop = reader.onJudged(() => {
      if (fold.featureLevel < sessionLedgerSince) return;
      stop();
      followSessions().catch((err: unknown) =>
        logger.error({ err }, 'ledger S cannot be followed'),
      );
    });
  };
  return { reader, fold, snapshots, sessions, sessionReader, start };
}

async function closed<V extends FoldableView>(reader: Reader, fold: ViewFold<V>): Promise<void> {
  await reader.stop();
  await fold.close(reader);
}
