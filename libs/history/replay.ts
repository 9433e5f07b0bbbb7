import type { Cluster } from '#libs/ledger/cluster-facts.js';
import type { AccessView } from '#libs/access/projection/access-view.js';
import { Failure } from '#libs/errors/failure.js';
import { PositionOutOfRange, type EventLog } from '#libs/ledger/event-log.js';
import { Judge, type Judged, type JudgeState } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { PastView } from './past-view.js';

/** A whole state to go on from, read from a snapshot and owned by whoever asked for it. */
export interface PastState {
  readonly judge: JudgeState;
  readonly view: AccessView;
  readonly cluster: Cluster | undefined;
}

/** Where whole states of the past are kept. */
export interface SnapshotSource {
  /** The one nearest to `position` and not after it; `undefined`: none, begin at 0. */
  nearest(position: number): Promise<PastState | undefined>;
}

export interface LedgerSource {
  readonly log: EventLog;
  readonly macKeys: MacKeys;
}

/** Records between two turns of the event loop: some 4 ms of work. */
const slice = 256;

/** A judge on its way through the ledger, with the access view or without. Only ever goes forward. */
export class Replay {
  readonly #source: LedgerSource;
  readonly #judge: Judge;
  readonly past: PastView;

  constructor(source: LedgerSource, from?: PastState) {
    this.#source = source;
    const start = from?.judge ?? { window: new VerdictWindow(), sealed: false };
    this.#judge = new Judge(source.macKeys, start);
    this.past = new PastView(from?.view, from?.cluster);
  }

  /** Last judged position; -1: none. */
  get position(): number {
    return this.#judge.window.position;
  }

  get chain(): Uint8Array {
    return Uint8Array.from(this.#judge.window.chain);
  }

  /** Judges up to and including `to` and folds the view. Rejects like `records`. */
  async advance(to: number, signal: AbortSignal): Promise<void> {
    for await (const judged of this.#slices(to, signal)) {
      for (const one of judged) this.past.apply(one);
    }
  }

  /**
   * Judges up to and including `to` and yields each verdict; the view stays behind. Rejects
   * NEEDS_NEWER_BUILD like a reader, LEDGER_UNAVAILABLE, NOT_FOUND where the ledger was trimmed, and
   * with the reason of an aborted signal.
   */
  async *records(to: number, signal: AbortSignal): AsyncGenerator<Judged> {
    for await (const judged of this.#slices(to, signal)) yield* judged;
  }

  /** Each is the work of one turn of the event loop. */
  async *#slices(to: number, signal: AbortSignal): AsyncGenerator<readonly Judged[]> {
    if (this.position >= to) return;
    const done = new AbortController();
    const stop = AbortSignal.any([signal, done.signal]);
    try {
      for await (const { records } of this.#source.log.tail(this.position + 1, stop)) {
        for (let from = 0; from < records.length; from += slice) {
          signal.throwIfAborted();
          const part = records.slice(from, from + slice).filter(({ position }) => position <= to);
          yield part.map((record) => this.#judge.judge(record));
          if (this.position === to) return;
          await nextTurn();
        }
      }
      signal.throwIfAborted();
      throw new Failure('LEDGER_UNAVAILABLE', 'the ledger ended while it was being read');
    } catch (error) {
      if (!(error instanceof PositionOutOfRange)) throw error;
      throw new Failure('NOT_FOUND', 'the ledger no longer holds what this moment rests on');
    } finally {
      done.abort();
    }
  }
}

/** Lets whatever else this process serves go first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
