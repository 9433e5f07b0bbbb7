/** Part of a list that is ordered by its texts (UTF-16 code units). */
export interface Part {
  /** Where the part before ended; `''`: from the beginning. */
  readonly after: string;
  readonly size: number;
}

/** Picks one part out of any number of texts, without keeping or sorting them all. */
export class SmallestTexts {
  readonly #part: Part;
  readonly #sorted: string[] = [];

  constructor(part: Part) {
    this.#part = part;
  }

  /** The texts of the part, in order. */
  get taken(): readonly string[] {
    return this.#sorted.slice(0, this.#part.size);
  }

  /** Whether there are texts after the part. */
  get more(): boolean {
    return this.#sorted.length > this.#part.size;
  }

  offer(text: string): void {
    const sorted = this.#sorted;
    if (text <= this.#part.after) return;
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] as string) < text) low = middle + 1;
      else high = middle;
    }
    if (low > this.#part.size) return;
    sorted.splice(low, 0, text);
    if (sorted.length > this.#part.size + 1) sorted.pop();
  }
}
