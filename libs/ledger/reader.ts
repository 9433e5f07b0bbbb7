import { Failure } from '#libs/errors/failure.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import type { Announced } from './announcements.js';
import { inPieces } from './batch-pieces.js';
import { allDefences, type Defences } from './defences.js';
import { PositionOutOfRange, type EventLog, type LogBatch } from './event-log.js';
import type { Fold, Resume } from './fold.js';
import { Judge, type Judged } from './judge.js';
import type { MacKeys } from './mac.js';
import { findChangedHistory } from './own-history.js';
import { PositionWaiters } from './position-waiters.js';
import type { ReaderAlarm } from './reader-alarm.js';
import { disagreement, levelBeyondBuild } from './verdict-agreement.js';
import { VerdictWindow } from './verdict-window.js';

export type { ReaderAlarm } from './reader-alarm.js';

export type ReaderState =
  /** Has not yet reached the end of the log. */
  | 'starting'
  | 'following'
  /** History turned out to be another one: the state was dropped and is being rebuilt. */
  | 'diverged'
  /** Cannot go on: `failure` says why. */
  | 'stopped';

export interface ReaderOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly macKeys: MacKeys;
  readonly fold: Fold;
  /**
   * Where to begin when the fold has nothing to go on from, in a ledger that was trimmed: `lateStart`;
   * `undefined`: at 0. What it hands to the fold on the way is dropped with it, should the log be another.
   * Default: 0.
   */
  readonly origin?: () => Promise<Resume | undefined>;
  readonly onAlarm?: (alarm: ReaderAlarm) => void;
  readonly defences?: Defences;
}

const historyCheckMs = 5_000;
/** More records than one resend can hold (256), several times over. */
const deepCheck = 1_024;
const overlap = 64;
const retryMs = 250;
const longestRetryMs = 30_000;
const clockSkewMs = 5_000;

class HistoryChanged extends Error {
  override readonly name = 'HistoryChanged';
}

/** The fold threw, or was about to be given something else than what follows its state. */
class FoldFailed extends Error {
  override readonly name = 'FoldFailed';
}

/**
 * Follows one ledger: judges every record by the frozen rule, folds it, and tells whoever waits. The
 * log on the broker is the only arbiter of history: the reader fetches its own last record again on
 * each (re)connect, each 5 s and on each chain mismatch, and starts over when it is not there.
 */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #defences: Defences;
  readonly #waiters: PositionWaiters;
  readonly #listeners = new Set<(batch: readonly Judged[]) => void>();
  readonly #stop = new AbortController();
  #judge: Judge;
  #folded = -1;
  #placed = false;
  #resumed = false;
  #state: ReaderState = 'starting';
  #failure: Failure | undefined;
  #running: Promise<void> | undefined;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #checkedUpTo = -1;
  #freshAtMs = Number.NEGATIVE_INFINITY;
  #highest = -1;
  #lostBelow: number | undefined;
  #disagreedAt = -1;
  /** Records of the log that are not folded yet, as of the last answer. */
  lag = 0;
  /** Rebuilds since the end of the log was last reached. */
  #rebuilds = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#defences = options.defences ?? allDefences;
    this.#waiters = new PositionWaiters(options.clock);
    this.#judge = this.#emptyJudge();
  }

  /** Last folded position; -1: none. */
  get position(): number {
    return this.#folded;
  }
  get state(): ReaderState {
    return this.#state;
  }
  /** Why the reader stopped. */
  get failure(): Failure | undefined {
    return this.#failure;
  }
  /** Id of the mac key that records must be under now; undefined when this process lacks it. */
  get macKeyId(): number | undefined {
    return this.#judge.macKeyId;
  }
  get sealed(): boolean {
    return this.#judge.sealed;
  }
  /** Mac key and formats in force. */
  get announced(): Announced {
    return this.#judge.announced;
  }
  /** Chains and verdicts of the last 65,536 positions. */
  get window(): VerdictWindow {
    return this.#judge.window;
  }
  /** Set when the log ends below a position that was already folded: writes were lost. */
  get lostBelow(): number | undefined {
    return this.#lostBelow;
  }

  /** Age in ms of the proof that nothing newer was missed; Infinity before the first proof. */
  stalenessMs(): number {
    return Math.max(0, this.#options.clock.monotonicMs() - this.#freshAtMs);
  }

  /** Calls `listener` with each batch after it was folded. Returns the way to stop it. */
  onJudged(listener: (batch: readonly Judged[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves true once `position` is folded, false after `timeoutMs`; rejects when it cannot be. */
  async waitFor(position: number, timeoutMs: number): Promise<boolean> {
    if (this.position >= position && this.#state !== 'diverged') return true;
    if (this.#failure) throw this.#failure;
    return this.#waiters.wait(position, timeoutMs);
  }

  /** Starts to follow; resolves once the reader has reached the end of the log for the first time. */
  async start(): Promise<void> {
    if (this.#stop.signal.aborted) throw stopped();
    const caughtUp = this.#waiters.caughtUp();
    this.#running ??= this.#run().catch((cause: unknown) => {
      this.#halt(new Failure('INTERNAL', 'the ledger reader failed', { cause }));
    });
    await caughtUp;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#waiters.rejectAll(stopped());
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && this.#state !== 'stopped') {
      try {
        if (!this.#placed) await this.#place();
        for await (const batch of inPieces(this.#options.log.tail(this.#folded + 1, signal))) {
          await this.#take(batch);
          if (this.#failure) break;
        }
        // A tail ends by itself only when its log was closed.
        if (!this.#failure) await sleep(this.#options.clock, retryMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#mend(error);
      }
    }
  }

  async #mend(error: unknown): Promise<void> {
    if (error instanceof HistoryChanged || error instanceof PositionOutOfRange) {
      this.#alarm({ kind: 'diverged', position: this.#folded, why: error.message });
      await this.#lookForLoss();
    } else if (error instanceof FoldFailed || this.#judge.window.position !== this.#folded) {
      // The judge cannot go back, and a fold that threw may have taken half a batch.
      this.#alarm({ kind: 'fold-failed', position: this.#folded, error });
    } else {
      this.#alarm({ kind: 'unreachable', error });
      return sleep(this.#options.clock, retryMs, this.#stop.signal);
    }
    await this.#startOver();
  }

  async #place(): Promise<void> {
    const { fold, origin } = this.#options;
    // A state that turned out to be of another history is not gone on from again.
    const from = (this.#resumed ? undefined : fold.resume()) ?? (await origin?.());
    this.#placed = true;
    this.#resumed = true;
    if (from === undefined) return;
    this.#judge = new Judge(this.#options.macKeys, from, this.#defences);
    this.#folded = from.window.position;
    this.#highest = Math.max(this.#highest, this.#folded);
  }

  #emptyJudge(): Judge {
    const { macKeys, fold } = this.#options;
    const window = fold.emptyWindow?.() ?? new VerdictWindow();
    return new Judge(macKeys, { window, sealed: false }, this.#defences);
  }

  async #take(batch: LogBatch): Promise<void> {
    await this.#checkHistoryWhenDue(batch);
    this.#requireDense(batch);
    const judged = this.#judgeAll(batch);
    if (judged.some((one) => one.why === 'chain')) await this.#insistOnHistory();
    const last = judged.at(-1);
    if (last) {
      this.#fold(judged);
      this.#folded = last.position;
      this.#highest = Math.max(this.#highest, last.position);
      for (const listener of this.#listeners) this.#tell(listener, judged);
      this.#waiters.reached(this.#folded);
    }
    this.lag = Math.max(0, batch.end - this.#folded - 1);
    if (this.#failure) return this.#halt(this.#failure);
    if (batch.end <= this.#folded + 1) this.#caughtUp(batch);
    const { window, sealed, announced } = this.#judge;
    await this.#options.fold.settle?.({ window, sealed, announced });
  }

  #fold(judged: readonly Judged[]): void {
    try {
      this.#options.fold.apply(judged, this.#judge.window);
    } catch (cause) {
      this.#state = 'diverged';
      throw new FoldFailed('the state could not take a batch', { cause });
    }
  }

  /** What one listener does wrong is no other listener's loss: a writer must see every verdict. */
  #tell(listener: (batch: readonly Judged[]) => void, judged: readonly Judged[]): void {
    try {
      listener(judged);
    } catch (error) {
      this.#alarm({ kind: 'listener-failed', position: this.#folded, error });
    }
  }

  /** `next ≠ position + 1` says the same as a position out of range: the log is another one. */
  #requireDense({ records }: LogBatch): void {
    let expected = this.#folded + 1;
    for (const { position } of records) {
      if (position !== expected) throw new PositionOutOfRange(expected);
      expected += 1;
    }
  }

  #caughtUp(batch: LogBatch): void {
    // A proof stays one: a leader that is not confirmed yet does not take it back.
    const freshAtMs = Math.min(batch.fetchedAtMs, batch.leaderConfirmedAtMs);
    this.#freshAtMs = Math.max(this.#freshAtMs, freshAtMs);
    this.#rebuilds = 0;
    if (this.#state !== 'following') {
      this.#state = 'following';
      this.#waiters.reached(this.#folded);
    }
    this.#waiters.resolveCaughtUp();
  }

  #judgeAll(batch: LogBatch): Judged[] {
    const judged: Judged[] = [];
    const now = this.#options.clock.wallMs();
    for (const record of batch.records) {
      try {
        const one = this.#judge.judge(record);
        judged.push(one);
        if (one.why === 'mac' || one.why === 'key')
          this.#alarm({ kind: 'bad-mac', position: one.position });
        this.#heed(one);
        // Only what was appended just now says something about clocks.
        if (one.header && this.#state === 'following') this.#compareClocks(one, now);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.#failure = error;
        break;
      }
    }
    return judged;
  }

  #compareClocks(one: Judged, now: number): void {
    const skewMs = (one.header?.atMs ?? now) - now;
    if (Math.abs(skewMs) > clockSkewMs) {
      this.#alarm({ kind: 'clock-skew', position: one.position, skewMs });
    }
  }

  /** What control records say about the past, and about what is to come. */
  #heed(one: Judged): void {
    const level = levelBeyondBuild(one);
    if (level !== undefined) this.#alarm({ kind: 'newer-level', position: one.position, level });
    const why = disagreement(one, this.#judge.window);
    if (why === undefined) return;
    if (this.#disagreedAt === one.position) {
      throw new Failure('DIVERGED', `${why} at ${one.position}, also after a rebuild`);
    }
    this.#disagreedAt = one.position;
    throw new HistoryChanged(`${why} from those of a writer at ${one.position}`);
  }

  /** The first check comes before anything is answered from a snapshot. */
  async #checkHistoryWhenDue(batch: LogBatch): Promise<void> {
    const unchecked = this.#folded - this.#checkedUpTo;
    const age = this.#options.clock.monotonicMs() - this.#checkedAtMs;
    if (batch.reconnected || age === Infinity) {
      await this.#checkHistory(Math.min(Math.max(deepCheck, unchecked + overlap), 8 * deepCheck));
    } else if (age >= historyCheckMs || (this.#state === 'following' && unchecked > deepCheck)) {
      await this.#checkHistory(Math.min(unchecked, 4 * deepCheck) + overlap);
    }
  }

  async #checkHistory(depth: number): Promise<void> {
    this.#checkedAtMs = this.#options.clock.monotonicMs();
    if (!this.#defences.historyCheck || this.#folded < 0) return;
    const why = await findChangedHistory({
      log: this.#options.log,
      window: this.#judge.window,
      position: this.#folded,
      depth,
      chainOverAll: this.#defences.chainOverAll,
      signal: this.#stop.signal,
    });
    if (why !== undefined) throw new HistoryChanged(why);
    this.#checkedUpTo = this.#folded;
  }

  /** A batch was judged and waits: the verdict `chain` may be about us, so we must know. */
  async #insistOnHistory(): Promise<void> {
    for (;;) {
      try {
        return await this.#checkHistory(deepCheck);
      } catch (error) {
        if (error instanceof HistoryChanged || this.#stop.signal.aborted) throw error;
        this.#alarm({ kind: 'unreachable', error });
        await sleep(this.#options.clock, retryMs, this.#stop.signal);
      }
    }
  }

  async #lookForLoss(): Promise<void> {
    this.#state = 'diverged';
    const end = await this.#options.log.end().catch(() => undefined);
    if (end === undefined || end > this.#highest) return;
    this.#lostBelow = this.#highest + 1;
    this.#alarm({ kind: 'acknowledged-writes-lost', position: this.#highest, end });
  }

  async #startOver(): Promise<void> {
    this.#state = 'diverged';
    await this.#forget();
    this.#failure = undefined;
    this.#judge = this.#emptyJudge();
    this.#folded = -1;
    this.#placed = false;
    this.#checkedUpTo = -1;
    this.#freshAtMs = Number.NEGATIVE_INFINITY;
    await this.#pause(this.#rebuilds++);
  }

  /** A state that cannot even be dropped (a full disk) is tried again until it can. */
  async #forget(): Promise<void> {
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      try {
        return this.#options.fold.reset();
      } catch (error) {
        this.#alarm({ kind: 'fold-failed', position: -1, error });
        await this.#pause(attempt);
      }
    }
  }

  #pause(attempt: number): Promise<void> {
    const { clock } = this.#options;
    return sleep(clock, Math.min(longestRetryMs, retryMs * 2 ** attempt), this.#stop.signal);
  }

  #halt(failure: Failure): void {
    this.#failure = failure;
    this.#state = 'stopped';
    this.#waiters.rejectAll(failure);
    this.#alarm({ kind: 'stopped', failure });
  }

  #alarm(alarm: ReaderAlarm): void {
    this.#options.onAlarm?.(alarm);
  }
}

function stopped(): Failure {
  return new Failure('NOT_READY', 'the reader was stopped');
}
