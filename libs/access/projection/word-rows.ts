import type { Stored } from './stored.js';

const chunkBits = 12;
const rowsPerChunk = 1 << chunkBits;

/**
 * Rows of a fixed number of 32-bit words in chunks: they grow without copying and without slack. The
 * words are signed: a number past 2^31 that leaves a function would be allocated.
 */
export class WordRows implements Stored {
  length = 0;
  #chunks: Int32Array[] = [];
  readonly #stride: number;

  constructor(wordsPerRow: number) {
    this.#stride = wordsPerRow;
  }

  /** A new row of zeros. */
  add(): number {
    const row = this.length;
    if (row >>> chunkBits === this.#chunks.length) {
      this.#chunks.push(new Int32Array(rowsPerChunk * this.#stride));
    }
    this.length = row + 1;
    return row;
  }

  save() {
    return { length: this.length, chunks: this.#chunks };
  }

  load({ length, chunks }: ReturnType<WordRows['save']>): void {
    this.length = length;
    this.#chunks = chunks;
  }

  get(row: number, word: number): number {
    const chunk = this.#chunks[row >>> chunkBits] as Int32Array;
    return chunk[(row & (rowsPerChunk - 1)) * this.#stride + word] as number;
  }

  set(row: number, word: number, value: number): void {
    const chunk = this.#chunks[row >>> chunkBits] as Int32Array;
    chunk[(row & (rowsPerChunk - 1)) * this.#stride + word] = value;
  }
}
