import type { DomainEvent, EventType } from './catalogue.js';
import type { CommandPayload } from './envelope.js';
import {
  publicRules,
  type PublicData,
  type PublicEventType,
  type PublicTopic,
} from './public-rules.js';

/** What every public event has, whatever happened. */
export interface PublicEventHead {
  /**
   * `<ledger>:<position>:<index>`, and `:<epoch>` behind it from the second epoch on. An event that is
   * in two topics has the same id in both.
   */
  readonly id: string;
  /** `ledgate.<aggregate>.<EventName>.v1` */
  readonly wireType: string;
  readonly tenant: string;
  /** `<kind>/<id>` of what the event is about. */
  readonly subject: string;
  /** When it was decided, by the writer's clock, ms since the Unix epoch. */
  readonly atMs: number;
  readonly ledger: string;
  readonly position: number;
  /** Of the event in its record. */
  readonly index: number;
  /** 1, and more after each restore: positions of different epochs do not compare. */
  readonly epoch: number;
  readonly topics: readonly PublicTopic[];
  /** W3C Trace Context of the command; `''`: none. */
  readonly traceparent: string;
  /** What must stay in order among itself: a principal, a role, else what the event is about. */
  readonly key: string;
}

/** One event as others may see it. */
export type PublicEvent = {
  readonly [T in PublicEventType]: PublicEventHead & {
    readonly type: T;
    readonly data: PublicData<T>;
  };
}[PublicEventType];

/** Where the record stands that the events are of. */
export interface PublicPlace {
  readonly ledger: string;
  readonly position: number;
  /** `at` of the record's header, ms since the Unix epoch. */
  readonly atMs: number;
  /** Epoch that the position belongs to. Default 1: the ledger was never restored. */
  readonly epoch?: number | undefined;
}

/** Whether a name is that of a public event, e.g. `GrantRevoked`. */
export function isPublicEventType(name: string): name is PublicEventType {
  return Object.hasOwn(publicRules, name) && publicRules[name as EventType] !== 'not public';
}

/** `ledgate.<aggregate>.<EventName>.v1` of a public event. */
export function wireTypeOf(type: PublicEventType): string {
  return `ledgate.${publicRules[type].aggregate}.${type}.v1`;
}

/** What others are told of one accepted command record: nothing but what the white list names. */
export function publicEventsOf(payload: CommandPayload, at: PublicPlace): PublicEvent[] {
  const made: PublicEvent[] = [];
  for (const [index, stored] of payload.events.entries()) {
    const event = stored.known ? publicEventOf(payload, at, stored.event, index) : undefined;
    if (event !== undefined) made.push(event);
  }
  return made;
}

/** The id of an event: `<ledger>:<position>:<index>`, with the epoch once there is a second one. */
export function publicEventId(at: PublicPlace, index: number): string {
  const { ledger, position, epoch = 1 } = at;
  const id = `${ledger}:${position}:${index}`;
  return epoch === 1 ? id : `${id}:${epoch}`;
}

function publicEventOf(
  payload: CommandPayload,
  at: PublicPlace,
  event: DomainEvent,
  index: number,
): PublicEvent | undefined {
  const { type } = event;
  if (!isPublicEventType(type)) return undefined;
  const { tenant, traceparent } = payload;
  const rule = publicRules[type];
  const about = rule.about(event as never, tenant);
  const { ledger, position, atMs, epoch = 1 } = at;
  return {
    id: publicEventId(at, index),
    type,
    wireType: wireTypeOf(type),
    tenant,
    subject: `${about.kind}/${about.id}`,
    atMs,
    ledger,
    position,
    index,
    epoch,
    topics: rule.topics,
    traceparent,
    key: about.key ?? about.id,
    data: rule.data(event as never),
  } as PublicEvent;
}
