import type { DomainEvent } from '#libs/events/catalogue.js';
import type { CommandPayload, EventContext } from '#libs/events/envelope.js';
import { commandKey, keyText, keysOf } from '#libs/events/keys.js';
import type { Key } from '#libs/events/keys.js';
import type { DocumentWriter } from './documents.js';
import type { Document, StateStore } from './state-store.js';

/** Changes the documents that an event's keys guard, and no others. */
export type Evolve = (event: DomainEvent, documents: DocumentWriter, context: EventContext) => void;

const fewKeys = 8;

type Store = Pick<StateStore, 'get' | 'put' | 'remove'>;

/** A fold touched a document that its event's keys do not guard: `keysOf` lacks a key. */
export class UnguardedDocument extends Error {
  override readonly name = 'UnguardedDocument';
}

/** Lets one event at the documents of its own keys only; on in production, it costs a look-up. */
class GuardedDocuments implements DocumentWriter {
  readonly #store: Store;
  readonly #type: string;
  readonly #keys: readonly Key[];
  #allowed: ReadonlySet<string> | undefined;

  constructor(store: Store, type: string, keys: readonly Key[]) {
    this.#store = store;
    this.#type = type;
    this.#keys = keys;
  }

  get(key: Key): Document | undefined {
    return this.#store.get(this.#guarded(key));
  }

  put(key: Key, document: Document): void {
    this.#store.put(this.#guarded(key), document);
  }

  remove(key: Key): void {
    this.#store.remove(this.#guarded(key));
  }

  #guarded(key: Key): string {
    const text = keyText(key);
    if (this.#allows(key, text)) return text;
    throw new UnguardedDocument(`${this.#type} does not write ${key.kind}`);
  }

  /** Nearly every event has a few keys: they are compared; of many a set is made. */
  #allows(key: Key, text: string): boolean {
    const keys = this.#keys;
    if (keys.length > fewKeys) {
      this.#allowed ??= new Set(keys.map((one) => keyText(one)));
      return this.#allowed.has(text);
    }
    return keys.some(
      ({ kind, id, tenant }) => kind === key.kind && id === key.id && tenant === key.tenant,
    );
  }
}

export type KeyTable = (event: DomainEvent, tenant: string) => readonly Key[];

/**
 * Applies one event. Throws UnguardedDocument when the fold looks at or changes a document outside
 * the event's keys: its result would then depend on records that do not conflict with this one.
 */
export function foldEvent(
  store: Store,
  evolve: Evolve,
  event: DomainEvent,
  context: EventContext,
  table: KeyTable = keysOf,
): void {
  const keys = table(event, context.tenant);
  evolve(event, new GuardedDocuments(store, event.type, keys), context);
}

/** Kept under `command:<id>`: what came of a command, so that a retry is answered, not repeated. */
export interface CommandRecord {
  readonly position: number;
  readonly command: string;
  readonly requestDigest: string;
  /** When the log took the record, ms since the Unix epoch, by the log's clock. */
  readonly atMs: number;
}

/**
 * Notes a command that has an id. Called once for each accepted COMMAND, before its events. Its age
 * is told by the log's clock: that of a writer may be hours off, and would make the id forgotten.
 */
export function foldCommandRecord(
  store: Store,
  payload: Pick<CommandPayload, 'tenant' | 'actor' | 'command' | 'commandId' | 'requestDigest'>,
  position: number,
  atMs: number,
): void {
  if (payload.commandId === '') return;
  const { command, requestDigest } = payload;
  const record: CommandRecord = { position, command, requestDigest, atMs };
  store.put(keyText(commandKey(payload.tenant, payload.actor, payload.commandId)), record);
}

/** Applies a whole command: its record, then its events, in order. */
export function foldCommand(
  store: Store,
  evolve: Evolve,
  payload: CommandPayload,
  context: EventContext,
): void {
  foldCommandRecord(store, payload, context.position, context.atMs);
  for (const stored of payload.events) {
    if (stored.known) foldEvent(store, evolve, stored.event, context);
  }
}
