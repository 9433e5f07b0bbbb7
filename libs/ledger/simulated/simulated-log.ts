import { sleep, type Clock } from '#libs/runtime/clock.js';
import { checkAppend } from '../append-limits.js';
import { AppendFailed, beyondEnd, PositionOutOfRange } from '../event-log.js';
import type { EventLog, LogBatch, LogRecord } from '../event-log.js';
import type { SimulatedStore } from './simulated-store.js';

/** What happens to one append on its way. All delays in ms. */
export interface AppendFate {
  /** Refused at once: surely not written. */
  readonly refused?: boolean;
  /** When the entries reach the store; empty: never; two: they are doubled. */
  readonly arrivals: readonly number[];
  /** When the writer hears "done"; undefined: it hears "unknown" after `timeoutMs`. */
  readonly acknowledgedAfter?: number;
  readonly timeoutMs: number;
}

/** The network between one client and the store. */
export interface Network {
  append(): AppendFate;
  /** Delay of one fetch, ms. */
  fetchDelayMs(): number;
  /** Does this fetch lose its connection first? */
  disconnects(): boolean;
}

export const perfectNetwork: Network = {
  append: () => ({ arrivals: [0], acknowledgedAfter: 0, timeoutMs: 1_000 }),
  fetchDelayMs: () => 0,
  disconnects: () => false,
};

const idleMs = 500;
const batchRecords = 200;

/** A client's handle of a simulated log. `wire` is the clock of the network, `clock` the client's. */
export class SimulatedLog implements EventLog {
  readonly name: string;
  readonly #store: SimulatedStore;
  readonly #clock: Clock;
  readonly #wire: Clock;
  readonly #network: Network;
  #closed = false;
  #connection = 0;

  constructor(
    name: string,
    store: SimulatedStore,
    clock: Clock,
    network: Network = perfectNetwork,
    wire: Clock = clock,
  ) {
    this.name = name;
    this.#store = store;
    this.#clock = clock;
    this.#wire = wire;
    this.#network = network;
  }

  append(values: readonly Uint8Array[]): Promise<number> {
    return new Promise((resolve, reject) => {
      checkAppend(values);
      if (this.#closed) throw new AppendFailed('none', 'the log is closed');
      const fate = this.#network.append();
      if (fate.refused) throw new AppendFailed('none', 'refused');
      let first = this.#store.length;
      fate.arrivals.forEach((delay, i) => {
        this.#wire.after(delay, () => {
          const position = this.#store.append(values);
          if (i === 0) first = position;
        });
      });
      if (fate.acknowledgedAfter === undefined) {
        const error = new AppendFailed('unknown', 'no answer');
        this.#clock.after(fate.timeoutMs, () => reject(error));
      } else {
        this.#clock.after(fate.acknowledgedAfter, () => resolve(first));
      }
    });
  }

  async *tail(from: number, signal: AbortSignal): AsyncGenerator<LogBatch> {
    let next = from;
    let connected = -1;
    let told = -1;
    while (!signal.aborted && !this.#closed) {
      const fetchedAtMs = this.#clock.monotonicMs();
      await sleep(this.#clock, this.#network.fetchDelayMs(), signal);
      if (signal.aborted) return;
      if (this.#network.disconnects()) connected = -1;
      if (next > this.#store.length || next < this.#store.start) throw new PositionOutOfRange(next);
      const records = this.#store.from(next, batchRecords);
      const end = this.#store.length;
      if (records.length === 0 && told === end && connected === this.#connection) {
        if (await this.#changed(fetchedAtMs + idleMs, signal)) continue;
        if (signal.aborted || next > this.#store.length) continue;
      }
      const reconnected = connected !== this.#connection;
      connected = this.#connection;
      told = end;
      next += records.length;
      yield { records, end, fetchedAtMs, leaderConfirmedAtMs: fetchedAtMs, reconnected };
    }
  }

  read(position: number): Promise<LogRecord | undefined> {
    return Promise.resolve(this.#store.at(position));
  }

  end(): Promise<number> {
    return Promise.resolve(this.#store.length);
  }

  start(): Promise<number> {
    return Promise.resolve(this.#store.start);
  }

  trim(before: number): Promise<void> {
    if (before >= this.#store.length) return Promise.reject(beyondEnd(before));
    this.#store.trim(before);
    return Promise.resolve();
  }

  /** Breaks the connection: every tail reports a reconnect with its next batch. */
  disconnect(): void {
    this.#connection++;
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  /** True as soon as the store changes, false at `deadlineMs`. */
  #changed(deadlineMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (changed: boolean): void => {
        forget();
        cancel();
        signal.removeEventListener('abort', aborted);
        resolve(changed);
      };
      const aborted = (): void => settle(true);
      const forget = this.#store.onChange(() => settle(true));
      const wait = Math.max(0, deadlineMs - this.#clock.monotonicMs());
      const cancel = this.#clock.after(wait, () => settle(false));
      signal.addEventListener('abort', aborted, { once: true });
    });
  }
}
