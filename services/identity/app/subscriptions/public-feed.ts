import type { Failure } from '#libs/errors/failure.js';
import type { Judged } from '#libs/ledger/judge.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { AnyLedgerSession } from '#services/identity/app/ledger-session.js';
import type { FeedStep } from './feed-entry.js';
import { anotherHistory, entriesOfReplay, entriesOfWindow } from './past-entries.js';
import { positionAtTime } from './position-at-time.js';
import { RecentEntries } from './recent-entries.js';
import type { StreamLimits } from './stream-limits.js';

export interface PublicFeedOptions {
  readonly session: AnyLedgerSession;
  readonly clock: Clock;
  readonly limits: StreamLimits;
}

/** A stream without news gets a turn this often: its caller is looked at again, ms. */
const turnMs = 500;
/** Another instance may have been asked before this one has read as far, ms. */
const reachMs = 1_000;

/**
 * The public events of one ledger, from any position on and for ever. Streams at the end share what
 * this instance's reader judged; one that is behind reads the log by itself, with the verdicts of
 * the reader's window, and one that is further behind than that judges the ledger again.
 */
export class PublicFeed {
  readonly #options: PublicFeedOptions;
  readonly #recent: RecentEntries;
  #listeners = 0;
  /** Grows with each change of history: whoever streams an older one must end. */
  #history = 0;
  #why: Failure | undefined;
  #seen = -1;
  readonly #waiting = new Set<() => void>();

  constructor(options: PublicFeedOptions) {
    this.#options = options;
    this.#recent = new RecentEntries(options.session.source.log.name);
    this.#seen = options.session.reader.position;
    options.session.reader.onJudged((batch) => this.#take(batch));
  }

  /** Name of the ledger. */
  get ledger(): string {
    return this.#options.session.source.log.name;
  }

  /** Last position that was folded here. */
  get position(): number {
    return this.#options.session.reader.position;
  }

  /**
   * Whether what was read up to a position, in an epoch, is still what the ledger holds: a restore
   * takes away what came after the copy that was restored.
   */
  stillHolds(position: number, epoch: number): boolean {
    return this.epochAt(position) <= epoch;
  }

  /** Whether a position is folded here, now or within moments. */
  reaches(position: number): Promise<boolean> {
    return this.#options.session.reader.waitFor(position, reachMs);
  }

  /** The last position before `atMs`, ms by the log's clock: what follows it is not older. */
  async lastBefore(atMs: number): Promise<number> {
    return (await positionAtTime(this.#options.session.source.log, this.position + 1, atMs)) - 1;
  }

  /**
   * Steps through everything after a position; an empty step at least every half second. Throws what
   * keeps this instance from answering; DIVERGED when the history changes under the stream.
   */
  async *follow(after: number, signal: AbortSignal): AsyncGenerator<FeedStep> {
    const history = this.#history;
    if (this.#listeners === 0) this.#recent.begin(this.position);
    this.#listeners += 1;
    try {
      for (let at = after; !signal.aborted;) {
        this.#require(history);
        const steps = this.#recent.covers(at) ? [this.#recent.after(at)] : this.#past(at, signal);
        const before = at;
        for await (const step of steps) {
          this.#require(history);
          at = step.through;
          yield step;
        }
        if (at === before) await this.#wait(at, signal);
      }
    } finally {
      this.#listeners -= 1;
      if (this.#listeners === 0) this.#recent.stop();
    }
  }

  async *#past(after: number, signal: AbortSignal): AsyncGenerator<FeedStep> {
    const { session, limits } = this.#options;
    const { window } = session.reader;
    const { log, macKeys } = session.source;
    const { view } = session.fold;
    const options = {
      log,
      macKeys,
      reader: session.reader,
      clock: this.#options.clock,
      epochAt: (position: number) => this.epochAt(position),
      nearest: async (position: number) => session.snapshots?.nearest(position),
    };
    const leave = limits.enterReplay();
    try {
      // Where earlier restores were is known only to whoever reads them.
      const epochIsKnown = view.epoch <= 2 || after + 1 >= view.openedAt;
      const within = window.chainAt(after) !== undefined && epochIsKnown;
      const steps = (within ? entriesOfWindow : entriesOfReplay)(options, after, signal);
      for await (const step of steps) {
        yield step;
        if (this.#recent.covers(step.through)) return;
      }
    } finally {
      leave();
    }
  }

  #require(history: number): void {
    this.#options.session.requireServing();
    if (history !== this.#history) throw this.#why ?? anotherHistory(this.#seen);
  }

  #take(batch: readonly Judged[]): void {
    const [first] = batch;
    if (first === undefined) return;
    if (first.position <= this.#seen) this.#change(first.position, anotherHistory(first.position));
    this.#seen = batch.at(-1)?.position ?? this.#seen;
    if (this.#listeners > 0) this.#recent.take(batch, (position) => this.epochAt(position));
    for (const wake of Array.from(this.#waiting)) wake();
  }

  /** Which epoch a position belongs to. */
  epochAt(position: number): number {
    const { epoch, openedAt } = this.#options.session.fold.view;
    return position >= openedAt ? epoch : epoch - 1;
  }

  #change(from: number, why: Failure): void {
    this.#history += 1;
    this.#why = why;
    if (this.#listeners > 0) this.#recent.begin(from - 1);
  }

  /** Resolves at the next batch, at the latest when the stream is due for a turn. */
  #wait(at: number, signal: AbortSignal): Promise<void> {
    if (this.position > at) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = this.#options.clock.after(turnMs, wake);
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
