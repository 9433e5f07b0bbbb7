import { mix, SlotTable } from './slot-table.js';
import type { Stored } from './stored.js';
import { packUuid, unpackUuid } from './uuid-words.js';
import { WordRows } from './word-rows.js';

/** Words of a row: id (4), tenant and flags, watermark (2), set, positions, password version. */
const wordsPerRow = 10;
const ownerWord = 4;
const watermarkWord = 5;
const setWord = 7;
const positionsWord = 8;
const passwordWord = 9;

const statusBits = 3;
const serviceFlag = 4;
const textIdFlag = 8;

export type SubjectStatus = 0 | 1 | 2 | 3;
export const active: SubjectStatus = 0;
export const suspended: SubjectStatus = 1;
export const deleted: SubjectStatus = 2;
/** Named by something, not created (yet). */
export const absent: SubjectStatus = 3;

const words = new Int32Array(4);

/**
 * Rows of principals (or of groups): 40 bytes each, found by tenant and id through one hash table.
 * Ids that are no canonical UUID are kept as text beside it. Rows are never reused, as ids are not.
 */
export class Subjects implements Stored {
  readonly #rows = new WordRows(wordsPerRow);
  readonly #slots = new SlotTable((row) => this.#hash(row));
  #textRows = new Map<number, Map<string, number>>();
  #texts = new Map<number, string>();

  get length(): number {
    return this.#rows.length;
  }

  /** The row, or −1. Allocates nothing. */
  find(tenant: number, id: string): number {
    if (!packUuid(id, words)) return this.#textRows.get(tenant)?.get(id) ?? -1;
    const slots = this.#slots;
    let row = -1;
    let slot = slots.start(hashWords(tenant));
    for (; (row = slots.at(slot)) >= 0; slot = slots.next(slot)) {
      if (this.#matches(row, tenant)) return row;
    }
    return -1;
  }

  /** A new row for an id that is not there yet; nothing held, no password, no watermark. */
  add(tenant: number, id: string, status: SubjectStatus, service = false): number {
    const packed = packUuid(id, words);
    const row = this.#rows.add();
    const flags = status | (service ? serviceFlag : 0) | (packed ? 0 : textIdFlag);
    this.#rows.set(row, ownerWord, (tenant << 8) | flags);
    if (packed) {
      for (let i = 0; i < 4; i++) this.#rows.set(row, i, words[i] as number);
      this.#slots.insert(row);
      return row;
    }
    this.#texts.set(row, id);
    const rows = this.#textRows.get(tenant);
    if (rows === undefined) this.#textRows.set(tenant, new Map([[id, row]]));
    else rows.set(id, row);
    return row;
  }

  idOf(row: number): string {
    const rows = this.#rows;
    if ((rows.get(row, ownerWord) & textIdFlag) !== 0) return this.#texts.get(row) ?? '';
    return unpackUuid(rows.get(row, 0), rows.get(row, 1), rows.get(row, 2), rows.get(row, 3));
  }

  /** Index of the tenant that the subject belongs to. */
  tenantOf(row: number): number {
    return this.#rows.get(row, ownerWord) >>> 8;
  }

  statusOf(row: number): SubjectStatus {
    return (this.#rows.get(row, ownerWord) & statusBits) as SubjectStatus;
  }

  setStatus(row: number, status: SubjectStatus): void {
    this.#rows.set(row, ownerWord, (this.#rows.get(row, ownerWord) & ~statusBits) | status);
  }

  isService(row: number): boolean {
    return (this.#rows.get(row, ownerWord) & serviceFlag) !== 0;
  }

  /** Sessions and tokens issued on a position before this one are dead; −1: none was raised. */
  watermarkOf(row: number): number {
    const rows = this.#rows;
    return (
      rows.get(row, watermarkWord + 1) * 0x1_0000_0000 + (rows.get(row, watermarkWord) >>> 0) - 1
    );
  }

  raiseWatermark(row: number, position: number): void {
    if (position <= this.watermarkOf(row)) return;
    const stored = position + 1;
    this.#rows.set(row, watermarkWord, stored % 0x1_0000_0000);
    this.#rows.set(row, watermarkWord + 1, Math.floor(stored / 0x1_0000_0000));
  }

  /** Name of the set of what the subject holds. */
  setOf(row: number): number {
    return this.#rows.get(row, setWord);
  }

  /** Name of the list of positions that goes with the set, entry by entry. */
  positionsOf(row: number): number {
    return this.#rows.get(row, positionsWord);
  }

  hold(row: number, set: number, positions: number): void {
    this.#rows.set(row, setWord, set);
    this.#rows.set(row, positionsWord, positions);
  }

  /** Version of the current password; 0: there is none. */
  passwordOf(row: number): number {
    return this.#rows.get(row, passwordWord);
  }

  setPassword(row: number, version: number): void {
    this.#rows.set(row, passwordWord, version);
  }

  save() {
    return {
      rows: this.#rows.save(),
      slots: this.#slots.save(),
      textRows: this.#textRows,
      texts: this.#texts,
    };
  }

  load({ rows, slots, textRows, texts }: ReturnType<Subjects['save']>): void {
    this.#rows.load(rows);
    this.#slots.load(slots);
    this.#textRows = textRows;
    this.#texts = texts;
  }

  #matches(row: number, tenant: number): boolean {
    const rows = this.#rows;
    return (
      rows.get(row, 3) === words[3] &&
      rows.get(row, 2) === words[2] &&
      rows.get(row, 1) === words[1] &&
      rows.get(row, 0) === words[0] &&
      rows.get(row, ownerWord) >>> 8 === tenant
    );
  }

  #hash(row: number): number {
    const rows = this.#rows;
    const high = mix(mix(this.tenantOf(row), rows.get(row, 0)), rows.get(row, 1));
    return mix(mix(high, rows.get(row, 2)), rows.get(row, 3));
  }
}

function hashWords(tenant: number): number {
  const high = mix(mix(tenant, words[0] as number), words[1] as number);
  return mix(mix(high, words[2] as number), words[3] as number);
}
