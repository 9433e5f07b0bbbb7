/** Where lines go. One `write` at a time. */
export interface Sink {
  /** `stdout`, `file`, `otlp`, `kafka`. */
  readonly name: string;
  /**
   * Resolves once the lines (without line feeds) are where they should be. Rejects with LinesRefused
   * when they never will be; with anything else when it is worth trying again, and then some may have
   * arrived: a reader tells repeated decisions by their id.
   */
  write(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** The sink looked at the lines and does not want them, now or later. */
export class LinesRefused extends Error {
  override readonly name = 'LinesRefused';
}
