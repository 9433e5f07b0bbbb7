import { publicEventId } from '#libs/events/public-events.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import { DoneMarks } from '#libs/subscriber/done-marks.js';
import { Lanes } from '#libs/subscriber/lanes.js';
import { isAfter, type Mark } from '#libs/subscriber/mark.js';
import type { SourceItem } from '#libs/subscriber/source.js';
import type { SubscribeOptions } from '#libs/subscriber/subscribe.js';
import { SubscriberError } from '#libs/subscriber/subscriber-error.js';
import type { EventContext, Handler } from '#libs/subscriber/handlers.js';

type RunOptions<Tx> = SubscribeOptions<Tx> & {
  readonly maxInFlight: number;
  readonly clock: Clock;
};
type EventItem = Extract<SourceItem, { kind: 'event' }>;

const firstPauseMs = 100;
const longestPauseMs = 30_000;

/** The life of one subscription. */
export class SubscriptionRun<Tx> {
  readonly counts = { handled: 0, repeats: 0, skipped: 0, reconnects: 0 };
  readonly received = new Map<string, Mark>();
  readonly #options: RunOptions<Tx>;
  readonly #stop = new AbortController();
  readonly #lanes: Lanes;
  readonly #marks: DoneMarks | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: RunOptions<Tx>) {
    this.#options = options;
    const fail = (error: unknown): void => this.#fail(error);
    this.#lanes = new Lanes(options.maxInFlight, fail);
    const { checkpoint } = options;
    const failSave = (cause: unknown): void => this.#fail(checkpointError(cause));
    this.#marks = checkpoint.kind === 'stored' ? new DoneMarks(checkpoint, failSave) : undefined;
  }

  stop(): void {
    this.#stop.abort();
  }

  async run(): Promise<void> {
    try {
      for (let attempt = 0; !this.#stop.signal.aborted; attempt += 1) {
        if (attempt > 0) this.counts.reconnects += 1;
        const before = this.#progress();
        await this.#read();
        if (this.#progress() !== before) attempt = 0;
        await this.#pause(attempt);
      }
      await this.#settle();
    } catch (error) {
      this.#fail(error);
    } finally {
      await this.#options.source.close().catch((error: unknown) => this.#trouble(error));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** One connection of the source, until it breaks. */
  async #read(): Promise<void> {
    const { source, start } = this.#options;
    const { signal } = this.#stop;
    const resume = (stream: string): Promise<Mark | undefined> => this.#resume(stream);
    const reload = (stream: string): Promise<Mark | undefined> => this.#reload(stream);
    try {
      for await (const item of source.read({ start, resume, reload, signal })) {
        if (signal.aborted) return;
        await this.#take(item);
      }
    } catch (error) {
      if (signal.aborted) return;
      const final = error instanceof SubscriberError && error.kind !== 'UNAVAILABLE';
      if (final || this.#failure !== undefined) throw error;
      this.#trouble(error);
    }
  }

  /** Nothing new begins; what is under way is finished and saved. */
  async #settle(): Promise<void> {
    await this.#lanes.idle();
    await this.#marks?.flush();
  }

  async #resume(stream: string): Promise<Mark | undefined> {
    return this.received.get(stream) ?? this.#reload(stream);
  }

  async #reload(stream: string): Promise<Mark | undefined> {
    await this.#settle();
    const mark = await this.#options.checkpoint.load(stream).catch((cause: unknown) => {
      throw checkpointError(cause);
    });
    if (mark === undefined) this.received.delete(stream);
    else this.received.set(stream, mark);
    return mark;
  }

  async #take(item: SourceItem): Promise<void> {
    const { stream, mark } = item;
    const last = this.received.get(stream);
    if (!isAfter(mark, last)) {
      if (item.kind === 'event') this.counts.repeats += 1;
      return;
    }
    const done = this.#marks?.begin(stream, mark);
    const step = { stream, from: last, to: mark };
    await this.#lanes.add(item.kind === 'event' ? item.key : '', async () => {
      if (item.kind === 'event') await this.#deliver(item, step);
      else await this.#commit(step, () => undefined);
      done?.();
    });
    this.received.set(stream, mark);
    // One after the other means: nothing is taken before it is done.
    if (this.#options.maxInFlight === 1) await this.#lanes.idle();
  }

  /** Until it is handled, or the caller has said what becomes of it. */
  async #deliver(item: EventItem, step: { stream: string; from: Mark | undefined; to: Mark }) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const counted = await this.#commit(step, (tx) => this.#handle(item, attempt, tx));
        this.counts[counted ? 'handled' : 'repeats'] += 1;
        return;
      } catch (error) {
        const verdict = await this.#verdictOn(item, attempt, error);
        if (verdict === 'skip') {
          await this.#commit(step, () => undefined);
          this.counts.skipped += 1;
          return;
        }
        if (verdict === 'stop') throw stoppedAt(item, error);
        await this.#pause(attempt);
        // Stopped while it waits to be tried again: it stays undone, and comes again next time.
        if (this.#stop.signal.aborted) throw new Halted();
      }
    }
  }

  /** False: another process has done it already. */
  async #commit(
    step: { stream: string; from: Mark | undefined; to: Mark },
    work: (tx: Tx) => Promise<void> | void,
  ): Promise<boolean> {
    const { checkpoint } = this.#options;
    if (checkpoint.kind === 'transaction') return checkpoint.transact(step, work);
    await work(undefined as Tx);
    return true;
  }

  #handle({ read, mark }: EventItem, attempt: number, tx: Tx): Promise<void> | void {
    if (!read.ok) throw new NotUnderstood(read.problem);
    const { event, traceparent } = read;
    const handler = this.#options.on[event.type] as Handler<typeof event, Tx> | undefined;
    const { ledger, epoch, position, index } = mark;
    const { signal } = this.#stop;
    const place = { id: idOf(mark), ledger, epoch, position, index };
    const context: EventContext<Tx> = { ...place, traceparent, attempt, tx, signal };
    return handler?.(event, context);
  }

  async #verdictOn({ read, mark, stream }: EventItem, attempt: number, error: unknown) {
    const { ledger, position, index } = mark;
    const why = read.ok ? 'HANDLER_FAILED' : read.why;
    const place = { id: idOf(mark), ledger, position, index, stream };
    return this.#options.onPoison({ why, ...place, attempt, error, read });
  }

  #fail(error: unknown): void {
    if (!(error instanceof Halted)) this.#failure ??= { error };
    this.#stop.abort();
  }

  #trouble(error: unknown): void {
    this.#options.onTrouble?.(error);
  }

  #progress(): number {
    const { handled, repeats, skipped } = this.counts;
    return handled + repeats + skipped;
  }

  #pause(attempt: number): Promise<void> {
    const { clock } = this.#options;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt, 20));
    return sleep(clock, pauseMs * (0.5 + Math.random() / 2), this.#stop.signal);
  }
}

class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';
}

/** Something was left undone because the subscription stops. */
class Halted extends Error {
  override readonly name = 'Halted';
}

/** As the publisher makes it. */
function idOf({ ledger, epoch, position, index }: Mark): string {
  return publicEventId({ ledger, epoch, position, index });
}

function stoppedAt({ mark }: EventItem, cause: unknown): SubscriberError {
  return new SubscriberError('POISON', `stopped at ${idOf(mark)}`, { cause });
}

function checkpointError(cause: unknown): SubscriberError {
  if (cause instanceof SubscriberError) return cause;
  return new SubscriberError('CHECKPOINT', 'the checkpoint cannot be kept', { cause });
}
