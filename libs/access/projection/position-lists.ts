import type { Stored } from './stored.js';

const cellsPerChunk = 4096;
const cellWords = 5;

/**
 * Lists of ledger positions (48 bits each) in linked cells of 10 bytes: where each entry of a
 * subject's set came from. A list is named by its first cell; 0 is the empty list.
 */
export class PositionLists implements Stored {
  #chunks: Uint16Array[] = [];
  #cells = 1;
  #free = 0;

  /** Puts a position before the one at `index`; the list's new name. */
  insertAt(head: number, index: number, position: number): number {
    const cell = this.#take();
    this.#write(cell, position);
    if (index === 0) {
      this.#link(cell, head);
      return cell;
    }
    const before = this.#cellAt(head, index - 1);
    this.#link(cell, this.#next(before));
    this.#link(before, cell);
    return head;
  }

  /** Takes out the position at `index`; the list's new name. */
  removeAt(head: number, index: number): number {
    const cell = this.#cellAt(head, index);
    const rest = this.#next(cell);
    this.#link(cell, this.#free);
    this.#free = cell;
    if (index === 0) return rest;
    this.#link(this.#cellAt(head, index - 1), rest);
    return head;
  }

  at(head: number, index: number): number {
    return this.#read(this.#cellAt(head, index));
  }

  /** The first `length` positions of a list. */
  all(head: number, length: number): number[] {
    const found: number[] = [];
    for (let cell = head; found.length < length; cell = this.#next(cell)) {
      found.push(this.#read(cell));
    }
    return found;
  }

  save() {
    return { chunks: this.#chunks, cells: this.#cells, free: this.#free };
  }

  load({ chunks, cells, free }: ReturnType<PositionLists['save']>): void {
    this.#chunks = chunks;
    this.#cells = cells;
    this.#free = free;
  }

  #read(cell: number): number {
    return (
      this.#word(cell, 0) + this.#word(cell, 1) * 0x1_0000 + this.#word(cell, 2) * 0x1_0000_0000
    );
  }

  #cellAt(head: number, index: number): number {
    let cell = head;
    for (let i = 0; i < index; i++) cell = this.#next(cell);
    return cell;
  }

  #take(): number {
    if (this.#free !== 0) {
      const cell = this.#free;
      this.#free = this.#next(cell);
      return cell;
    }
    const cell = this.#cells;
    this.#cells += 1;
    while (Math.floor(cell / cellsPerChunk) >= this.#chunks.length) {
      this.#chunks.push(new Uint16Array(cellsPerChunk * cellWords));
    }
    return cell;
  }

  #write(cell: number, position: number): void {
    this.#put(cell, 0, position % 0x1_0000);
    this.#put(cell, 1, Math.floor(position / 0x1_0000) % 0x1_0000);
    this.#put(cell, 2, Math.floor(position / 0x1_0000_0000));
  }

  #next(cell: number): number {
    return this.#word(cell, 3) + this.#word(cell, 4) * 0x1_0000;
  }

  #link(cell: number, next: number): void {
    this.#put(cell, 3, next % 0x1_0000);
    this.#put(cell, 4, Math.floor(next / 0x1_0000));
  }

  #word(cell: number, word: number): number {
    const chunk = this.#chunks[Math.floor(cell / cellsPerChunk)] as Uint16Array;
    return chunk[(cell % cellsPerChunk) * cellWords + word] as number;
  }

  #put(cell: number, word: number, value: number): void {
    const chunk = this.#chunks[Math.floor(cell / cellsPerChunk)] as Uint16Array;
    chunk[(cell % cellsPerChunk) * cellWords + word] = value;
  }
}
