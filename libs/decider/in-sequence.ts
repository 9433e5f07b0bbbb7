import type { EventContext } from '#libs/events/envelope.js';
import { keyText } from '#libs/events/keys.js';
import type { Key } from '#libs/events/keys.js';
import type { Decision } from './decide.js';
import type { DocumentReader, DocumentWriter } from './documents.js';
import type { Evolve } from './fold-event.js';
import type { Document } from './state-store.js';

/** Documents that one step of a command changed, over the view; every look still reaches the view. */
class ChangedDocuments implements DocumentWriter {
  readonly #view: DocumentReader;
  readonly #changed = new Map<string, Document | undefined>();

  constructor(view: DocumentReader) {
    this.#view = view;
  }

  get(key: Key): Document | undefined {
    const below = this.#view.get(key);
    const text = keyText(key);
    return this.#changed.has(text) ? this.#changed.get(text) : below;
  }

  put(key: Key, document: Document): void {
    this.#changed.set(keyText(key), document);
  }

  remove(key: Key): void {
    this.#changed.set(keyText(key), undefined);
  }
}

/**
 * Decides several steps as one command: each sees what the steps before it did, and their events go
 * into one record. The first refusal refuses the whole.
 */
export function inSequence(
  steps: readonly ((view: DocumentReader) => Decision)[],
  view: DocumentReader,
  evolve: Evolve,
  context: EventContext,
): Decision {
  const documents = new ChangedDocuments(view);
  const events = [];
  for (const step of steps) {
    const decision = step(documents);
    if ('rejected' in decision) return decision;
    for (const event of decision.events) evolve(event, documents, context);
    events.push(...decision.events);
  }
  return { events };
}
