import type { Database, RootDatabase } from 'lmdb';
import type { Document } from '#libs/decider/state-store.js';

const timeBytes = 8;
/** LMDB's own limit, with its pages of 4 KiB. */
const mostKeyBytes = 1_978;

/** Which documents of a state say when they are over (`expiresAtMs`), in the order of that time. */
export class LmdbExpiries {
  readonly #entries: Database<true, Buffer>;

  constructor(root: RootDatabase) {
    this.#entries = root.openDB({ name: 'expiries', encoding: 'json', keyEncoding: 'binary' });
  }

  /**
   * Notes what a document says; what it said before stays, and is seen through when it is due: `before`,
   * where it is known, is noted already.
   */
  note(text: string, document: Document, before?: Document): void {
    const atMs = expiryOf(document);
    if (atMs === undefined || atMs === expiryOf(before)) return;
    const key = keyOf(atMs, text);
    if (key.length <= mostKeyBytes) this.#entries.putSync(key, true);
  }

  /**
   * Texts of the documents that were noted to be over before a time, oldest first, `limit` at most; they
   * are not noted any more. `current`: the document as it is now, which may live longer by now.
   */
  take(beforeMs: number, limit: number, current: (text: string) => Document | undefined): string[] {
    const end = Buffer.alloc(timeBytes);
    end.writeDoubleBE(Math.max(0, beforeMs));
    const due = [...this.#entries.getKeys({ end, limit })];
    const over: string[] = [];
    for (const key of due) {
      this.#entries.removeSync(key);
      const text = key.subarray(timeBytes).toString('utf8');
      const atMs = expiryOf(current(text));
      if (atMs !== undefined && atMs < beforeMs) over.push(text);
    }
    return over;
  }

  clear(): void {
    this.#entries.clearSync();
  }
}

/** When a document is over, ms since the Unix epoch; `undefined`: it does not say. */
export function expiryOf(document: Document | undefined): number | undefined {
  const { expiresAtMs } = (document ?? {}) as { readonly expiresAtMs?: unknown };
  return typeof expiresAtMs === 'number' && expiresAtMs > 0 ? expiresAtMs : undefined;
}

/** Positive doubles sort as their bytes do. */
function keyOf(atMs: number, text: string): Buffer {
  const key = Buffer.alloc(timeBytes + Buffer.byteLength(text));
  key.writeDoubleBE(atMs);
  key.write(text, timeBytes, 'utf8');
  return key;
}
