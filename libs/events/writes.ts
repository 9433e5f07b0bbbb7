import type { DomainEvent, EventType } from './catalogue.js';
import type { Key, KeyKind } from './keys.js';

export type EventOf<T extends EventType> = Extract<DomainEvent, { type: T }>;
export type KeyMaker = (kind: KeyKind, id: string) => Key;
/** From an event to what it writes: its documents and the names it claims or frees. */
export type Writes = {
  readonly [T in EventType]: (event: EventOf<T>, at: KeyMaker, tenant: string) => readonly Key[];
};

/** Ids hold no comma, so a list of them is unambiguous; only the last part may be free text. */
export const tuple = (...parts: readonly string[]): string => parts.join(',');

/** A key whose name is unique in the whole cluster. */
export const global = (kind: KeyKind, id: string): Key => ({ tenant: '', kind, id });

/** What was redeemed for an event cannot be redeemed again. */
export function redeemed(event: { challenge?: string | undefined }, at: KeyMaker): Key[] {
  return event.challenge === undefined ? [] : [at('challenge', event.challenge)];
}
