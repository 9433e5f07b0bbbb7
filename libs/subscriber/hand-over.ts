/** From a library that pushes to a reader that pulls: whoever pushes waits until it was taken. */
export class HandOver<T> {
  readonly #offers: { readonly item: T; readonly taken: () => void }[] = [];
  #wake: (() => void) | undefined;
  #ended: { readonly error: Error | undefined } | undefined;

  /** Resolves once the reader has come back for the next item, or the hand-over ended. */
  push(item: T): Promise<void> {
    if (this.#ended !== undefined) return Promise.resolve();
    return new Promise((taken) => {
      this.#offers.push({ item, taken });
      this.#wake?.();
    });
  }

  /** Ends the reading: without an error, or with one. What was not taken is dropped. */
  end(error?: Error): void {
    this.#ended ??= { error };
    for (const { taken } of this.#offers.splice(0)) taken();
    this.#wake?.();
  }

  async *items(): AsyncGenerator<T> {
    for (;;) {
      const [offer] = this.#offers;
      if (offer !== undefined) {
        yield offer.item;
        this.#offers.shift();
        offer.taken();
      } else if (this.#ended !== undefined) {
        if (this.#ended.error !== undefined) throw this.#ended.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
