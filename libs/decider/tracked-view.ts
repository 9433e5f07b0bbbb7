import { Failure } from '#libs/errors/failure.js';
import { keyText } from '#libs/events/keys.js';
import type { Key } from '#libs/events/keys.js';
import type { DocumentReader } from './documents.js';
import type { Document, StateStore } from './state-store.js';

/**
 * The state as a decider sees it: single documents, and every look is noted, found or not. So the
 * `reads` of a record are exact. There is no scan: what a scan saw could not be guarded by keys.
 */
export class TrackedView implements DocumentReader {
  readonly #store: Pick<StateStore, 'get'>;
  readonly #quarantined: (key: Key) => boolean;
  readonly #reads = new Map<string, Key>();

  constructor(store: Pick<StateStore, 'get'>, quarantined: (key: Key) => boolean = () => false) {
    this.#store = store;
    this.#quarantined = quarantined;
  }

  /** Throws Failure QUARANTINED for what a record wrote that could not be understood. */
  get(key: Key): Document | undefined {
    if (this.#quarantined(key)) {
      throw new Failure('QUARANTINED', `${key.kind} was last written by a record of a newer build`);
    }
    const text = keyText(key);
    this.#reads.set(text, key);
    return this.#store.get(text);
  }

  /** Every key that was asked for, once each, in the order of the first look. */
  reads(): Key[] {
    return [...this.#reads.values()];
  }

  /** The same by their texts. */
  get looked(): ReadonlyMap<string, Key> {
    return this.#reads;
  }
}
