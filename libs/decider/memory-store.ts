import type { Document, StateStore } from './state-store.js';

/** The state in a map: for tests, simulations and small tools. */
export class MemoryStore implements StateStore {
  readonly #documents: Map<string, Document>;

  constructor(documents: Iterable<readonly [string, Document]> = []) {
    this.#documents = new Map(documents);
  }

  get(text: string): Document | undefined {
    return this.#documents.get(text);
  }

  put(text: string, document: Document): void {
    this.#documents.set(text, document);
  }

  remove(text: string): void {
    this.#documents.delete(text);
  }

  *scan(prefix: string, after = ''): Generator<readonly [string, Document]> {
    const found = [...this.#documents].filter(([text]) => text.startsWith(prefix) && text > after);
    yield* found.sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
