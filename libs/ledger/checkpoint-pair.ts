import { Failure } from '#libs/errors/failure.js';
import type { Checkpoint } from '#libs/events/control-codec.js';
import { verifyCheckpoint } from './checkpoint.js';
import type { EventLog, LogRecord } from './event-log.js';
import { decodeRecord, RecordKind } from './record.js';
import { windowSize } from './verdict-window.js';

/** Whose checkpoints count. */
export interface CheckpointTrust {
  readonly log: EventLog;
  /** The audit key that GENESIS names, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly clusterId: string;
  /** Name of the ledger, as GENESIS has it. */
  readonly ledger: string;
  /** Default: the window of the rule. Simulations run with a small one. */
  readonly windowSize?: number;
  readonly signal?: AbortSignal;
}

/** Where a late start is possible: the records of (from, upTo] are read again. */
export interface CheckpointPair {
  readonly from: Checkpoint;
  readonly upTo: Checkpoint;
  /** Every checkpoint of (from, upTo], oldest first: their verdicts reach further back. */
  readonly between: readonly Checkpoint[];
}

/**
 * The oldest two checkpoints, of those that stand at or above `above`, from which a late reader can
 * start: a whole window apart, so that every later record's snapshot and conflicts lie between them.
 * Checkpoints that are not signed by the audit key, or of another cluster or ledger, are passed over.
 *
 * Rejects WRONG_STATE when there are no such two.
 */
export async function findCheckpointPair(
  trust: CheckpointTrust,
  above: number,
): Promise<CheckpointPair> {
  const size = trust.windowSize ?? windowSize;
  const found: Checkpoint[] = [];
  for await (const record of entries(trust, above, await trust.log.end())) {
    const checkpoint = checkpointOf(record, trust);
    if (checkpoint === undefined || checkpoint.position < above - 1) continue;
    const from = found[0];
    found.push(checkpoint);
    const apart = from !== undefined && checkpoint.position >= from.position + size;
    if (from === undefined || !apart || checkpoint.verdictCount < size) continue;
    const between = found.slice(1).filter(({ position }) => position <= checkpoint.position);
    return { from, upTo: checkpoint, between };
  }
  throw new Failure(
    'WRONG_STATE',
    `there are no two checkpoints of this cluster ${size} records apart above position ${above}`,
  );
}

/** The entries of a log in [from, end). */
export async function* entries(
  { log, signal }: Pick<CheckpointTrust, 'log' | 'signal'>,
  from: number,
  end: number,
): AsyncGenerator<LogRecord> {
  if (from >= end) return;
  const done = new AbortController();
  const stop = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
  try {
    for await (const batch of log.tail(from, stop)) {
      for (const record of batch.records) {
        if (record.position >= end) return;
        yield record;
      }
      if ((batch.records.at(-1)?.position ?? -1) >= end - 1) return;
    }
  } finally {
    done.abort();
  }
  throw new Failure('LEDGER_UNAVAILABLE', 'the ledger ended while it was being read');
}

function checkpointOf(record: LogRecord, trust: CheckpointTrust): Checkpoint | undefined {
  if (record.control || record.value === null) return undefined;
  const decoded = decodeRecord(record.value);
  if (typeof decoded === 'string' || decoded.header.kind !== RecordKind.CHECKPOINT) {
    return undefined;
  }
  const verified = verifyCheckpoint(decoded.payload, trust.publicKey);
  if (!verified.ok) return undefined;
  const { clusterId, ledger, position } = verified.value;
  const ours = clusterId === trust.clusterId && ledger === trust.ledger;
  return ours && position < record.position ? verified.value : undefined;
}
