/**
 * Runs work in a bounded number of lanes: work of one key in the order in which it was given, work
 * of different keys side by side.
 */
export class Lanes {
  readonly #most: number;
  readonly #tails = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  readonly #onFailure: (error: unknown) => void;
  #running = 0;
  #failure: { readonly error: unknown } | undefined;

  /** `onFailure` is called once, with what the first work to fail threw; no further work begins. */
  constructor(most: number, onFailure: (error: unknown) => void) {
    this.#most = most;
    this.#onFailure = onFailure;
  }

  /** Resolves when there is room for the work, which then is under way; throws the first failure. */
  async add(key: string, work: () => Promise<void>): Promise<void> {
    while (this.#running >= this.#most) await this.#change();
    this.#throwFailure();
    this.#running += 1;
    const before = this.#tails.get(key) ?? Promise.resolve();
    const run = before.then(async () => {
      try {
        if (this.#failure === undefined) await work();
      } catch (error) {
        if (this.#failure === undefined) this.#onFailure(error);
        this.#failure ??= { error };
      }
      this.#running -= 1;
      if (this.#tails.get(key) === run) this.#tails.delete(key);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.#tails.set(key, run);
  }

  /** Resolves when nothing is under way; throws the first failure. */
  async idle(): Promise<void> {
    while (this.#running > 0) await this.#change();
    this.#throwFailure();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
