const mostProofs = 100_000;

/**
 * DPoP proofs that were taken (RFC 9449, section 11.1), by this instance: a proof is worth nothing
 * without the code or token that it comes with, which count once themselves. Bounded: when it is full
 * of what is still good, the oldest goes.
 */
export class TakenProofs {
  /** Until when each must be known, ms since the Unix epoch. */
  readonly #taken = new Map<string, number>();

  /** True the first time. */
  take(id: string, nowMs: number, untilMs: number): boolean {
    if ((this.#taken.get(id) ?? 0) > nowMs) return false;
    if (this.#taken.size >= mostProofs) this.#forget(nowMs);
    this.#taken.delete(id);
    this.#taken.set(id, untilMs);
    return true;
  }

  /** All are kept equally long, so that what ends first was taken first: nothing is searched for. */
  #forget(nowMs: number): void {
    for (const [id, untilMs] of this.#taken) {
      if (untilMs > nowMs && this.#taken.size < mostProofs) return;
      this.#taken.delete(id);
    }
  }
}
