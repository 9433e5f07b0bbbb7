import { Failure } from '#libs/errors/failure.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import { allDefences, type Defences } from './defences.js';
import { AppendFailed, type EventLog } from './event-log.js';
import type { Judged, VoidReason } from './judge.js';
import type { MacKeys } from './mac.js';
import { PendingRecords, type Outcome, type Pending } from './pending-records.js';
import type { Reader } from './reader.js';
import { encodeSigned, keyBytes, RecordKind, sha256 } from './record.js';
import { keyString } from './verdict-window.js';

/** A record that is to be written; `reads` and `writes` are 16-byte key hashes. */
export interface Draft {
  /** Default COMMAND. */
  readonly kind?: RecordKind;
  readonly tenantHash: Uint8Array;
  /** Position of the state that was decided on. */
  readonly basedOn: number;
  readonly reads: readonly Uint8Array[];
  readonly writes: readonly Uint8Array[];
  readonly payload: Uint8Array;
  /** What the payload says, where it was decoded already. */
  readonly decoded?: Judged['decoded'];
}

export interface WriterOptions {
  readonly log: EventLog;
  readonly reader: Reader;
  readonly clock: Clock;
  readonly macKeys: MacKeys;
  /** 8 random bytes, new for each start of a process. */
  readonly writerId: Uint8Array;
  /** Key hash of `writer:<instance>`. */
  readonly writerKey: Uint8Array;
  /** 16 bytes, UUIDv7. */
  readonly newRecordId: () => Uint8Array;
  /** 0 ≤ x < 1, for jitter. */
  readonly random: () => number;
  /** How long an append may stay unread before it counts as unknown; default 2,000 ms. */
  readonly readBackMs?: number;
  /** Records waiting at most; one more is refused as OVERLOADED. Default 4,096. */
  readonly maxPending?: number;
  readonly onFence?: (why: string) => void;
  readonly defences?: Defences;
}

const maxBatchRecords = 256;
const maxBatchBytes = 900 * 1024;

/**
 * Appends records and answers only what its own reader has read back. One produce request is in
 * flight; what arrives meanwhile travels together in the next. When it cannot be known whether an
 * append happened, one FENCE settles everything before it. Nothing is ever guessed.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #defences: Defences;
  readonly #readBackMs: number;
  readonly #maxPending: number;
  readonly #pending = new PendingRecords();
  readonly #stop = new AbortController();
  readonly #stopListening: () => void;
  #queue: Pending[] = [];
  #sending = false;
  #scheduled = false;
  #fencing = false;
  /** Appends whose outcome had to be found out, since the start. */
  fences = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#defences = options.defences ?? allDefences;
    this.#readBackMs = options.readBackMs ?? 2_000;
    this.#maxPending = options.maxPending ?? 4_096;
    this.#stopListening = options.reader.onJudged((batch) => this.#readBack(batch));
  }

  /** Records that are queued, sent, or of unknown outcome. */
  get pendingCount(): number {
    return this.#pending.size;
  }
  /** An outcome is unknown and being settled. */
  get fencing(): boolean {
    return this.#fencing;
  }

  /**
   * A command that reads or writes a key of an own pending record would surely conflict with it:
   * the promise resolves when that record is settled. `undefined`: nothing is in the way.
   */
  clear(keys: Iterable<Uint8Array>): Promise<void> | undefined {
    return this.#pending.inTheWay(keys);
  }

  /** What a record says, if it is an own open one and holds the very bytes that were submitted. */
  decodedBefore({ header, payload }: Judged): Judged['decoded'] {
    if (header === undefined || payload === undefined || this.#pending.size === 0) return undefined;
    const draft = this.#pending.find(header.recordId)?.draft;
    return draft && Buffer.compare(draft.payload, payload) === 0 ? draft.decoded : undefined;
  }

  /** Resolves with the verdict. Rejects when nothing was written, with the reason. */
  submit(draft: Draft): Promise<Outcome> {
    const { reader } = this.#options;
    if (this.#stop.signal.aborted) return Promise.reject(stopped());
    if (reader.failure) return Promise.reject(reader.failure);
    if (reader.sealed) return Promise.reject(sealed());
    if (reader.macKeyId === undefined) return Promise.reject(keyless());
    if (this.#pending.size >= this.#maxPending) return Promise.reject(overloaded());
    const pending = this.#encode(draft);
    if (pending === undefined) return Promise.resolve({ verdict: 'void', why: 'snapshot-too-old' });
    this.#pending.add(pending);
    this.#queue.push(pending);
    this.#schedule();
    return pending.outcome;
  }

  /** Rejects everything that is still open: its outcome is for the caller to look up by command id. */
  stop(): void {
    this.#stop.abort();
    this.#stopListening();
    this.#rejectAll(stopped());
  }

  #rejectAll(failure: Failure): void {
    this.#queue = [];
    for (const pending of this.#pending.all()) this.#pending.reject(pending, failure);
  }

  #encode(draft: Draft): Pending | undefined {
    const { reader, macKeys, writerId, writerKey, clock } = this.#options;
    const chain = reader.window.chainAt(draft.basedOn);
    const { macKeyId } = reader;
    if (chain === undefined || macKeyId === undefined) return undefined;
    const fence = draft.kind === RecordKind.FENCE;
    const recordId = this.#options.newRecordId();
    const signed = encodeSigned(
      {
        kind: draft.kind ?? RecordKind.COMMAND,
        flags: 0,
        recordId,
        writerId,
        tenantHash: draft.tenantHash,
        basedOn: draft.basedOn,
        chain: chain.subarray(0, keyBytes),
        atMs: clock.wallMs(),
        macKeyId,
        reads: fence ? [] : distinct([writerKey, ...draft.reads]),
        writes: distinct(draft.writes),
      },
      draft.payload,
    );
    const mac = macKeys.mac(macKeyId, sha256(signed));
    return this.#pending.create(recordId, Buffer.concat([signed, mac]), draft);
  }

  #schedule(): void {
    if (this.#scheduled || this.#sending || this.#fencing) return;
    this.#scheduled = true;
    // The rest of this turn of the event loop joins the batch.
    queueMicrotask(() => {
      this.#scheduled = false;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    if (this.#sending || this.#fencing || this.#stop.signal.aborted) return;
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    this.#sending = true;
    try {
      const first = await this.#options.log.append(batch.map((pending) => pending.bytes));
      if (!this.#defences.readBack) this.#trustAcknowledgement(batch, first);
      this.#watch(batch);
    } catch (error) {
      this.#appendFailed(batch, error);
    } finally {
      this.#sending = false;
    }
    if (this.#queue.length > 0) this.#schedule();
  }

  #takeBatch(): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const pending of this.#queue) {
      bytes += pending.bytes.length;
      if (count === maxBatchRecords || (count > 0 && bytes > maxBatchBytes)) break;
      count++;
      pending.sent = true;
    }
    return this.#queue.splice(0, count);
  }

  /** What was acknowledged must be read back soon. */
  #watch(batch: readonly Pending[]): void {
    if (batch.every((pending) => pending.settled)) return;
    const cancel = this.#options.clock.after(this.#readBackMs, () => {
      if (batch.some((pending) => !pending.settled)) this.#unknown('not read back in time');
    });
    void Promise.allSettled(batch.map((pending) => pending.outcome)).then(cancel);
  }

  #appendFailed(batch: readonly Pending[], error: unknown): void {
    if (!(error instanceof AppendFailed) || error.outcome === 'unknown') {
      this.#unknown(error instanceof Error ? error.message : 'the append failed');
      return;
    }
    for (const pending of batch) this.#pending.reject(pending, unwritten(error));
  }

  #unknown(why: string): void {
    if (this.#fencing || this.#stop.signal.aborted) return;
    if (!this.#defences.fence) return this.#settleSent({ verdict: 'void', why: 'fenced' });
    this.#fencing = true;
    this.fences += 1;
    this.#options.onFence?.(why);
    void this.#fence().finally(() => {
      this.#fencing = false;
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  async #fence(): Promise<void> {
    const { clock, random, reader } = this.#options;
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt++) {
      // A reader that stopped reads nothing back any more.
      if (reader.failure) return this.#rejectAll(stopped(reader.failure));
      const why = await this.#tryFence();
      if (why !== undefined) return this.#settleSent({ verdict: 'void', why });
      await sleep(clock, Math.min(2_000, 50 * 2 ** attempt) * (0.5 + random() / 2), signal);
    }
  }

  /**
   * Why what is still open will never count: a FENCE was read back as accepted, or the ledger is
   * sealed, also for the FENCE. `undefined`: not known yet.
   */
  async #tryFence(): Promise<'fenced' | 'sealed' | undefined> {
    const { log, reader, writerKey, clock } = this.#options;
    if (this.#allSentSettled()) return 'fenced';
    if (reader.state !== 'following') return undefined;
    const fence = this.#encode({
      kind: RecordKind.FENCE,
      tenantHash: new Uint8Array(keyBytes),
      basedOn: reader.position,
      reads: [],
      writes: [writerKey],
      payload: new Uint8Array(0),
    });
    if (fence === undefined) return undefined;
    this.#pending.add(fence);
    log.append([fence.bytes]).catch(() => {});
    const cancel = clock.after(this.#readBackMs, () => {
      this.#pending.settle(fence, { verdict: 'void', why: 'fenced' });
    });
    const outcome = await fence.outcome.catch(() => undefined);
    cancel();
    if (outcome?.verdict === 'void') return outcome.why === 'sealed' ? 'sealed' : undefined;
    return outcome && 'fenced';
  }

  #allSentSettled(): boolean {
    return this.#pending.all().every((pending) => !pending.sent);
  }

  #settleSent(outcome: Outcome): void {
    for (const pending of this.#pending.all()) {
      if (pending.sent) this.#pending.settle(pending, outcome);
    }
  }

  #trustAcknowledgement(batch: readonly Pending[], first: number): void {
    batch.forEach((pending, i) => {
      this.#pending.settle(pending, { verdict: 'accepted', position: first + i });
    });
  }

  #readBack(batch: readonly Judged[]): void {
    if (this.#pending.size === 0) return;
    const mine = this.#options.writerId;
    for (const judged of batch) {
      const { header, position, why } = judged;
      // Under a wrong mac it is somebody else's copy of ours.
      if (!header || unproven(why) || Buffer.compare(header.writerId, mine) !== 0) continue;
      const pending = this.#pending.find(header.recordId);
      if (!pending) continue;
      if (why === undefined) this.#pending.settle(pending, { verdict: 'accepted', position });
      else this.#pending.settle(pending, { verdict: 'void', why });
    }
  }
}

/** A copy that somebody without the key wrote says nothing about ours. */
function unproven(why: VoidReason | undefined): boolean {
  return why === 'mac' || why === 'key';
}

function distinct(keys: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(keys.map((key) => [keyString(key), key])).values()];
}

function stopped(cause?: Failure): Failure {
  return new Failure(
    'NOT_READY',
    'this instance is stopping and cannot say what became of the command: retry with the same id',
    { cause },
  );
}

function sealed(): Failure {
  return new Failure('LEDGER_SEALED', 'the ledger is sealed: it goes on in its successor');
}

function keyless(): Failure {
  return new Failure(
    'MISCONFIGURED',
    'this instance lacks the current ledger key: add it to LEDGATE_LEDGER_KEY (the first key has id 1)',
  );
}

function overloaded(): Failure {
  return new Failure('OVERLOADED', 'too many commands are waiting: retry later', {
    retryAfterMs: 500,
  });
}

function unwritten(cause: AppendFailed): Failure {
  return new Failure('LEDGER_UNAVAILABLE', 'the ledger cannot be reached: nothing was written', {
    cause,
    retryAfterMs: 500,
  });
}
