/** Runs so many pieces of work side by side, and no more. */
export class AtOnce {
  readonly #most: number;
  #under: Promise<void>[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Rejects with what an earlier piece failed with. */
  async start(work: () => Promise<void>): Promise<void> {
    const piece = work();
    // It is `done` that tells, which may be later than the failure.
    piece.catch(() => undefined);
    this.#under.push(piece);
    if (this.#under.length >= this.#most) await this.done();
  }

  /** Resolves when nothing is under way any more. */
  async done(): Promise<void> {
    const under = this.#under;
    this.#under = [];
    await Promise.all(under);
  }
}
