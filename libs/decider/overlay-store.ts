import type { Document, StateStore } from './state-store.js';

/** Writes that are tried out over a store and never reach it. */
export class OverlayStore implements Pick<StateStore, 'get' | 'put' | 'remove'> {
  readonly #below: Pick<StateStore, 'get'>;
  readonly #changed = new Map<string, Document | undefined>();

  constructor(below: Pick<StateStore, 'get'>) {
    this.#below = below;
  }

  get(text: string): Document | undefined {
    return this.#changed.has(text) ? this.#changed.get(text) : this.#below.get(text);
  }

  put(text: string, document: Document): void {
    this.#changed.set(text, document);
  }

  remove(text: string): void {
    this.#changed.set(text, undefined);
  }
}
