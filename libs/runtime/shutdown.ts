import type { Clock } from './clock.js';
import type { Logger } from './log.js';

export interface ShutdownOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** For all closers together, ms. */
  readonly deadlineMs: number;
}

/** What this needs of `process`. */
export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT', run: () => void): unknown;
  off(signal: 'SIGTERM' | 'SIGINT', run: () => void): unknown;
  exit(code: number): void;
}

/** Closes what was opened, in the opposite order, once, within a deadline. */
export class Shutdown {
  readonly #abort = new AbortController();
  readonly #closers: { readonly name: string; readonly close: () => Promise<void> | void }[] = [];
  readonly #options: ShutdownOptions;
  #running: Promise<boolean> | undefined;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** Aborted when the shutdown begins: long waits give up. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Registers what was just opened. The last one registered closes first. */
  add(name: string, close: () => Promise<void> | void): void {
    this.#closers.push({ name, close });
  }

  /** Runs all closers; false when one failed or the deadline passed. Later calls share the first. */
  run(why: string): Promise<boolean> {
    this.#running ??= this.#close(why);
    return this.#running;
  }

  /**
   * SIGTERM and SIGINT run it, then exit with 0 (or 1); a second signal exits at once with 1. The
   * function returned takes the handlers off again.
   */
  onSignals(source: SignalSource = process): () => void {
    const received = (signal: string): void => {
      if (this.#running !== undefined) return source.exit(1);
      void this.run(signal).then((clean) => source.exit(clean ? 0 : 1));
    };
    const onTerm = (): void => received('SIGTERM');
    const onInt = (): void => received('SIGINT');
    source.on('SIGTERM', onTerm);
    source.on('SIGINT', onInt);
    return () => {
      source.off('SIGTERM', onTerm);
      source.off('SIGINT', onInt);
    };
  }

  async #close(why: string): Promise<boolean> {
    const { clock, log, deadlineMs } = this.#options;
    log.info({ why }, 'shutting down');
    this.#abort.abort();
    const late = Symbol('late');
    let cancel = (): void => undefined;
    const deadline = new Promise<typeof late>((resolve) => {
      cancel = clock.after(deadlineMs, () => resolve(late));
    });
    let clean = true;
    for (const { name, close } of this.#closers.toReversed()) {
      try {
        const closing = Promise.resolve(close());
        // A closer that fails after the deadline must not become an unhandled rejection.
        closing.catch(() => undefined);
        if ((await Promise.race([closing, deadline])) === late) {
          log.error({ closer: name, deadlineMs }, 'shutdown took too long, giving up');
          return false;
        }
      } catch (error) {
        clean = false;
        log.error({ closer: name, err: error }, 'could not close');
      }
    }
    cancel();
    log.info({ clean }, 'stopped');
    return clean;
  }
}
