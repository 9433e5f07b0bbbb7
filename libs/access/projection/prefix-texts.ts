import type { Stored } from './stored.js';

/** Resource prefixes, each text kept once and dropped with its last use. */
export class PrefixTexts implements Stored {
  #indexes = new Map<string, number>();
  #texts: string[] = [];
  #uses: number[] = [];
  #free: number[] = [];

  text(index: number): string {
    return this.#texts[index] as string;
  }

  retain(text: string): number {
    const known = this.#indexes.get(text);
    if (known !== undefined) {
      this.#uses[known] = (this.#uses[known] as number) + 1;
      return known;
    }
    const index = this.#free.pop() ?? this.#texts.length;
    this.#texts[index] = text;
    this.#uses[index] = 1;
    this.#indexes.set(text, index);
    return index;
  }

  find(text: string): number | undefined {
    return this.#indexes.get(text);
  }

  save() {
    return { indexes: this.#indexes, texts: this.#texts, uses: this.#uses, free: this.#free };
  }

  load({ indexes, texts, uses, free }: ReturnType<PrefixTexts['save']>): void {
    this.#indexes = indexes;
    this.#texts = texts;
    this.#uses = uses;
    this.#free = free;
  }

  release(index: number): void {
    const left = (this.#uses[index] as number) - 1;
    this.#uses[index] = left;
    if (left > 0) return;
    this.#indexes.delete(this.text(index));
    this.#texts[index] = '';
    this.#free.push(index);
  }
}
