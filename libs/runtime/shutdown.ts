import type { Clock } from './clock.js';
import type { Logger } from './log.js';

export interface ShutdownOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** For all closers together, ms. */
  readonly deadlineMs: number;
}

/** Closes what was opened, in the opposite order, once, within a deadline. */
export class Shutdown {
  /** Aborted when the shutdown begins: long waits give up. */
  readonly signal: AbortSignal = new AbortController().signal;
  constructor(_options: ShutdownOptions) {}
  /** Registers what was just opened. The last one registered closes first. */
  add(_name: string, _close: () => Promise<void> | void): void {}
  /** Runs all closers; false when one failed or the deadline passed. Later calls share the first. */
  run(_why: string): Promise<boolean> {
    throw new Error('being written');
  }
  /** SIGTERM and SIGINT run it, then exit 0 (or 1); a second signal exits at once. */
  onSignals(): void {}
}
