import * as fc from 'fast-check';
import { causes } from '#libs/events/catalogue.js';
import type { DomainEvent, EventType } from '#libs/events/catalogue.js';

type EventOf<T extends EventType> = Extract<DomainEvent, { type: T }>;
type Fields<E> = { [F in Exclude<keyof E, 'type'>]-?: fc.Arbitrary<E[F]> };
/** An arbitrary for each field of each of the events. */
export type FieldsOf<T extends EventType> = { [E in T]: Fields<EventOf<E>> };

export const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
export const free = fc.string({ maxLength: 12, unit: 'grapheme' });
export const texts = fc.array(text, { maxLength: 3 });
export const ms = fc.nat({ max: Number.MAX_SAFE_INTEGER });
export const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
export const bool = fc.boolean();
export const ref = fc.record({ id: text, sha256: text });
export const cause = fc.constantFrom(...causes);
/** Above 0. */
export const count = fc.integer({ min: 1, max: 2 ** 31 });
/** A time, also above 0. */
export const until = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
export const credential = { principal: text, credential: text };
