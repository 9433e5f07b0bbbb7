import { MemoryStore } from '#libs/decider/memory-store.js';
import type { Document } from '#libs/decider/state-store.js';

/** Whoever changes a document in place throws: stores may give the same object to many. */
export class FrozenStore extends MemoryStore {
  override put(text: string, document: Document): void {
    super.put(text, frozen(document));
  }
}

export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
