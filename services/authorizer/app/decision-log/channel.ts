import type { GapLine } from '#libs/audit/decision-line.js';
import { encodeLine } from '#libs/audit/decision-line.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import { LinesRefused, type Sink } from './sink.js';

/** A line that waits to be written. It is encoded when it is, and only once for all sinks. */
export interface Waiting {
  /** Of the decision; `''`: a line about the log itself. */
  readonly id: string;
  readonly atMs: number;
  /** Estimate of what it takes, bytes. */
  readonly bytes: number;
  encoded(): string;
}

export interface ChannelOptions {
  readonly sink: Sink;
  readonly clock: Clock;
  /** Instance of the authorizer. */
  readonly authorizer: string;
  readonly most: { readonly lines: number; readonly bytes: number };
  readonly onTrouble: (sink: string, error: unknown) => void;
}

/** More than any line takes: questions are bounded. */
const largestLine = 64 * 1024;
/** Lines of one write. */
const batchLines = 256;
const lingerMs = 20;
const retryMs = 100;
const longestRetryMs = 10_000;

type Gap = { -readonly [F in 'fromId' | 'fromMs' | 'untilMs' | 'count']: GapLine[F] };

/**
 * The bounded buffer in front of one sink. A line that finds no room is dropped and counted; where
 * lines are missing stands a gap that says how many.
 */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #stop = new AbortController();
  #queue: Waiting[] = [];
  #bytes = 0;
  #gap: Gap | undefined;
  #pumping: Promise<void> | undefined;
  #cancelLinger: (() => void) | undefined;
  written = 0;
  dropped = 0;
  errors = 0;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.sink.name;
  }

  /** Whether a line of any length would be taken. */
  get hasRoom(): boolean {
    const { most } = this.#options;
    const isFull = this.#queue.length >= most.lines || this.#bytes + largestLine > most.bytes;
    return !isFull && !this.#stop.signal.aborted;
  }

  /** Lines that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** 0 to 1. */
  get fill(): number {
    const { lines, bytes } = this.#options.most;
    return Math.min(1, Math.max(this.#queue.length / lines, this.#bytes / bytes));
  }

  offer(line: Waiting): void {
    if (!this.hasRoom) return this.#drop(line);
    this.#closeGap();
    this.#push(line);
    this.#cancelLinger ??= this.#options.clock.after(lingerMs, () => this.#start());
  }

  /** Writes what waits, for `withinMs` at most. Resolves with how many lines were left. */
  async close(last: Waiting, withinMs: number): Promise<number> {
    this.#push(last);
    this.#start();
    const cancel = this.#options.clock.after(withinMs, () => this.#stop.abort());
    await this.#pumping;
    cancel();
    this.#stop.abort();
    await this.#options.sink.close();
    return this.#queue.length + (this.#gap?.count ?? 0);
  }

  #start(): void {
    this.#cancelLinger?.();
    this.#cancelLinger = () => {};
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined;
      this.#cancelLinger = undefined;
    });
  }

  async #pump(): Promise<void> {
    const { signal } = this.#stop;
    let delayMs = retryMs;
    while (!signal.aborted) {
      if (this.#queue.length === 0) this.#closeGap();
      if (this.#queue.length === 0) return;
      const batch = this.#queue.slice(0, batchLines);
      if (await this.#write(batch)) {
        delayMs = retryMs;
        continue;
      }
      await sleep(this.#options.clock, delayMs, signal);
      delayMs = Math.min(delayMs * 2, longestRetryMs);
    }
  }

  async #write(batch: readonly Waiting[]): Promise<boolean> {
    const { sink, onTrouble } = this.#options;
    try {
      await sink.write(batch.map((line) => line.encoded()));
      this.written += batch.length;
      this.#shift(batch);
      return true;
    } catch (error) {
      this.errors += 1;
      onTrouble(sink.name, error);
      if (error instanceof LinesRefused) {
        this.#shift(batch);
        for (const line of batch) this.#drop(line);
      }
      return false;
    }
  }

  #push(line: Waiting): void {
    this.#queue.push(line);
    this.#bytes += line.bytes;
  }

  #shift(batch: readonly Waiting[]): void {
    this.#queue.splice(0, batch.length);
    for (const { bytes } of batch) this.#bytes -= bytes;
  }

  #drop(line: Waiting): void {
    const lost = line instanceof GapMark ? line.gap.count : 1;
    if (!(line instanceof GapMark)) this.dropped += 1;
    const gap = this.#gap;
    if (gap === undefined) {
      const { id: fromId, atMs: fromMs } = line;
      this.#gap = { fromId, fromMs, untilMs: line.atMs, count: lost };
    } else {
      gap.untilMs = Math.max(gap.untilMs, line.atMs);
      gap.count += lost;
    }
  }

  /** What was dropped up to here is said before what follows. */
  #closeGap(): void {
    if (this.#gap === undefined) return;
    this.#push(new GapMark({ kind: 'gap', authorizer: this.#options.authorizer, ...this.#gap }));
    this.#gap = undefined;
  }
}

class GapMark implements Waiting {
  readonly gap: GapLine;
  readonly bytes = 256;

  constructor(gap: GapLine) {
    this.gap = gap;
  }

  get id(): string {
    return this.gap.fromId;
  }
  get atMs(): number {
    return this.gap.fromMs;
  }
  encoded(): string {
    return encodeLine(this.gap);
  }
}
