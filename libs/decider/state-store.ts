/** A plain JSON object; once stored it is never changed in place, only replaced. */
export type Document = object;

/**
 * The folded state: documents by the text of the key that guards them.
 *
 * Promises:
 *  D1 `get` returns what the last `put` under that text stored, or undefined; after `remove` too.
 *  D2 `scan` yields the documents whose text starts with the prefix, in the order of their texts
 *     (UTF-16 code units), strictly after `after` when it is given.
 *  D3 `put` and `remove` are visible to the next `get` and `scan` of the same store.
 */
export interface StateStore {
  get(text: string): Document | undefined;
  put(text: string, document: Document): void;
  remove(text: string): void;
  scan(prefix: string, after?: string): Iterable<readonly [string, Document]>;
}
