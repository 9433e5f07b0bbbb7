import { Failure } from '#libs/errors/failure.js';
import type { Checkpoint } from '#libs/events/control-codec.js';
import { nextChain } from './chain.js';
import { entries, findCheckpointPair } from './checkpoint-pair.js';
import type { CheckpointPair, CheckpointTrust } from './checkpoint-pair.js';
import { verdictBy } from './checkpoint.js';
import type { LogRecord } from './event-log.js';
import type { Judged, JudgeState } from './judge.js';
import { decodeRecord, noMac, RecordKind, sha256 } from './record.js';
import type { DecodedRecord } from './record.js';
import { keyString, VerdictWindow, windowSize, type WindowEntry } from './verdict-window.js';

/** What a late reader goes on from. */
export interface LateStart extends Required<JudgeState> {
  readonly clusterId: string;
  readonly epoch: number;
  readonly featureLevel: number;
  /** First position whose verdict was known: the first that was handed over. */
  readonly firstKnown: number;
}

const knownKinds: ReadonlySet<number> = new Set(Object.values(RecordKind));

/**
 * Starts to read a ledger in its middle: takes the chain at one signed checkpoint, reads on to a second
 * one a window later and recomputes the chain, which must be the signed one there; the verdicts of the
 * records between come from the checkpoints. From there on the rule gives, for every record, the verdict
 * that it gives to whoever read from 0.
 *
 * `take` is handed each record whose verdict is known, in order. What it was handed is worthless when
 * this rejects: WRONG_STATE without two such checkpoints, DIVERGED when the records are not those that
 * were signed, NEEDS_NEWER_BUILD for an accepted record that this build cannot read.
 */
export async function lateStart(
  trust: CheckpointTrust,
  take: (judged: Judged) => void = () => {},
): Promise<LateStart> {
  const size = trust.windowSize ?? windowSize;
  const pair = await findCheckpointPair(trust, await trust.log.start());
  const reading = new LateReading(pair, size);
  const { from, upTo } = pair;
  for await (const record of entries(trust, from.position + 1, upTo.position + 1)) {
    const judged = reading.next(record);
    if (judged !== undefined) take(judged);
  }
  return reading.finish();
}

/** The records between two checkpoints, one after the other. */
class LateReading {
  readonly #pair: CheckpointPair;
  readonly #size: number;
  readonly #firstKnown: number;
  readonly #signed: ReadonlyMap<number, Checkpoint>;
  readonly #entries: WindowEntry[] = [];
  #chain: Uint8Array;

  constructor(pair: CheckpointPair, size: number) {
    this.#pair = pair;
    this.#size = size;
    this.#chain = pair.from.chain;
    this.#firstKnown = firstKnown(pair);
    this.#signed = new Map(pair.between.map((one) => [one.position, one]));
  }

  next(record: LogRecord): Judged | undefined {
    const { position } = record;
    const raw = record.control || record.value === null ? new Uint8Array(0) : record.value;
    const decoded = decodeRecord(raw);
    const readable = typeof decoded === 'string' ? undefined : decoded;
    const hash = sha256(readable?.signed ?? raw);
    const mac = readable?.mac ?? noMac;
    this.#chain = nextChain(this.#chain, position, hash, mac);
    this.#compare(position);
    if (position < this.#firstKnown) return undefined;
    const accepted = this.#verdict(position);
    if (accepted) requireReadable(position, decoded);
    const writes = accepted ? (readable?.header.writes ?? []) : [];
    if (position > this.#pair.upTo.position - this.#size) {
      this.#entries.push({ position, chain: this.#chain, accepted, writes });
    }
    return {
      position,
      accepted,
      why: accepted ? undefined : 'by-checkpoint',
      header: readable?.header,
      payload: readable?.payload,
      hash,
      mac,
      chain: this.#chain,
      appendedAtMs: record.appendedAtMs,
    };
  }

  finish(): LateStart {
    const { upTo } = this.#pair;
    const window = VerdictWindow.restore(this.#entries, upTo.accepted, this.#size);
    const mine = window.verdictHash(upTo.position) ?? new Uint8Array(0);
    if (Buffer.compare(mine, upTo.verdictHash) !== 0) {
      throw changed(upTo.position, 'the signed verdicts contradict each other');
    }
    const macKey = keyString(upTo.macKey);
    const formats = upTo.formats.map((format) => keyString(format));
    const { sealed, clusterId, epoch, featureLevel } = upTo;
    const announced = { macKey, formats };
    const firstKnown = this.#firstKnown;
    return { window, sealed, announced, clusterId, epoch, featureLevel, firstKnown };
  }

  #compare(position: number): void {
    const signed = this.#signed.get(position);
    if (signed === undefined || Buffer.compare(signed.chain, this.#chain) === 0) return;
    throw changed(position, 'the records up to here are not those that were signed');
  }

  /** All checkpoints that say something must say the same. */
  #verdict(position: number): boolean {
    const said = this.#pair.between.map((one) => verdictBy(one, position));
    if (said.includes(true) && said.includes(false)) {
      throw changed(position, 'two checkpoints give it different verdicts');
    }
    return said.includes(true);
  }
}

/** From the last checkpoint backwards, as far as the verdicts of one join those of the next. */
function firstKnown({ from, upTo, between }: CheckpointPair): number {
  let first = upTo.position - upTo.verdictCount + 1;
  for (const { position, verdictCount } of between.toReversed()) {
    if (position >= first - 1) first = Math.min(first, position - verdictCount + 1);
  }
  return Math.max(first, from.position + 1);
}

function requireReadable(
  position: number,
  decoded: DecodedRecord | 'malformed' | 'unknown-format',
): void {
  if (decoded === 'malformed') throw changed(position, 'an accepted record is not well-formed');
  if (decoded !== 'unknown-format' && knownKinds.has(decoded.header.kind)) return;
  throw new Failure(
    'NEEDS_NEWER_BUILD',
    `position ${position} holds a record that only a newer build can read`,
  );
}

function changed(position: number, why: string): Failure {
  return new Failure('DIVERGED', `position ${position}: ${why}`, {
    facts: { position: String(position) },
  });
}
