import type { DomainEvent } from './catalogue.js';
import type { Actor, CommandPayload } from './envelope.js';
import { publicFields, type PublicTopic } from './public-fields.js';

export { publicTopics, type PublicTopic } from './public-fields.js';

export type PublicEventType = keyof typeof publicFields;

/** What is public of an event, by its type. */
export type PublicFacts = {
  [T in PublicEventType]: Pick<
    Extract<DomainEvent, { type: T }>,
    Extract<
      keyof Extract<DomainEvent, { type: T }>,
      'type' | (typeof publicFields)[T]['fields'][number]
    >
  >;
}[PublicEventType];

/** Where in the ledger a record stands. */
export interface PublicPlace {
  readonly ledger: string;
  readonly position: number;
  /** ms since the Unix epoch, by the clock of the writer. */
  readonly atMs: number;
  /** Grows with each restore of the ledger. Default 1: it never was. */
  readonly epoch?: number | undefined;
}

/** What every public event has. */
export interface PublicHead extends PublicPlace {
  /** Positions of different epochs do not compare. */
  readonly epoch: number;
  /** Which of the public events of its record, from 0. */
  readonly index: number;
  readonly tenant: string;
  readonly actor: Actor;
  /** W3C Trace Context of the command; empty: none. */
  readonly traceparent: string;
}

export type PublicEvent = PublicHead & PublicFacts;

/** The public events of a command record, in its order. */
export function publicEventsOf(payload: CommandPayload, at: PublicPlace): PublicEvent[] {
  const { tenant, actor, traceparent } = payload;
  const { epoch = 1 } = at;
  const facts = payload.events.flatMap((stored) => {
    const known = stored.known ? publicFactsOf(stored.event) : undefined;
    return known === undefined ? [] : [known];
  });
  return facts.map((one, index) => ({ ...at, epoch, index, tenant, actor, traceparent, ...one }));
}

/** The public part of one event; undefined when nothing of it is public. */
export function publicFactsOf(event: DomainEvent): PublicFacts | undefined {
  if (!isPublicEventType(event.type)) return undefined;
  const facts: Record<string, unknown> = { type: event.type };
  const given = event as unknown as Record<string, unknown>;
  for (const field of publicFields[event.type].fields) {
    if (given[field] !== undefined) facts[field] = given[field];
  }
  return facts as PublicFacts;
}

export function isPublicEventType(type: string): type is PublicEventType {
  return Object.hasOwn(publicFields, type);
}

/** Every type of the white list. */
export function publicEventTypes(): readonly PublicEventType[] {
  return Object.keys(publicFields) as PublicEventType[];
}

/** The fields of an event of this type that are public. */
export function publicFieldsOf(type: PublicEventType): readonly string[] {
  return publicFields[type].fields;
}

/** Full name of a public topic in a cell: `auth.credential.v1`. */
export function publicTopicName(prefix: string, topic: PublicTopic): string {
  return `${prefix}.${topic}.v1`;
}

/** The topics that tell of an event of this type. */
export function topicsOf(type: PublicEventType): readonly PublicTopic[] {
  return publicFields[type].topics;
}

/**
 * `<ledger>:<position>:<index>`, the same however often an event is sent and in each topic. From the
 * second epoch on `:<epoch>` follows: after a restore the ledger takes its last positions again.
 */
export function publicEventId({
  ledger,
  position,
  index,
  epoch,
}: Pick<PublicHead, 'ledger' | 'position' | 'index' | 'epoch'>): string {
  const id = `${ledger}:${position}:${index}`;
  return epoch === 1 ? id : `${id}:${epoch}`;
}

/** What an event is about: events of one subject stay in order wherever they are split up. */
export function publicSubjectOf(facts: PublicFacts, tenant: string): string {
  if ('principal' in facts) return facts.principal;
  if ('subject' in facts) return facts.subject;
  if ('role' in facts) return facts.role;
  if ('group' in facts) return facts.group;
  if ('permission' in facts) return facts.permission;
  if ('kid' in facts) return facts.kid;
  if ('api' in facts) return facts.api;
  if ('provider' in facts) return facts.provider;
  if (facts.type === 'WatermarkRaised') return tenant;
  return 'scope' in facts ? facts.scope : tenant;
}
