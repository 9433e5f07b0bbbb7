import { eventFormats } from './event-formats.js';
import { encodePublicEvent, publicEventJson } from './public-event-codec.js';
import {
  publicEventId,
  publicSubjectOf,
  type PublicEvent,
  type PublicEventType,
} from './public-events.js';

/** How the value of a message is written. */
export const publicFormats = ['protobuf', 'json'] as const;
export type PublicFormat = (typeof publicFormats)[number];

export const contentTypes: Readonly<Record<PublicFormat, string>> = {
  protobuf: 'application/protobuf',
  json: 'application/json',
};

/** A message of a public topic. */
export interface CloudEventMessage {
  /** What must stay in order among itself: the id of a principal or role, else of the aggregate. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

export interface CloudEventOptions {
  readonly clusterId: string;
  readonly format: PublicFormat;
  /** Everything of this topic up to this ledger position was published before this message. */
  readonly publishedThrough: number;
  /** How far the other ledger of the cell is in this topic; absent: nothing of it is known. */
  readonly beside?: PublishedLedger | undefined;
}

/** How far a ledger is in the public topics. */
export interface PublishedLedger {
  /** Name of the ledger. */
  readonly ledger: string;
  readonly through: number;
  readonly epoch: number;
}

/** Names of the headers that a publisher reads back to know where it was. */
export const throughHeader = 'ce_publishedthrough';
export const epochHeader = 'ce_epoch';
/** `<ledger>:<position>:<epoch>`: the same of the other ledger of the cell. */
export const besideHeader = 'ce_publishedbeside';
/** Name of the event's ledger. */
export const ledgerHeader = 'ce_ledger';
/** Position of the event's record in the ledger. */
export const positionHeader = 'ce_position';

/** The type in `ce_type`: `ledgate.<aggregate>.<EventName>.v1`, as in the ledger. */
export function cloudEventType(type: PublicEventType): string {
  return eventFormats[type].wireType;
}

/**
 * An event in the binary mode of CloudEvents 1.0 for Kafka (Kafka protocol binding, 3.2): attributes
 * and extensions are headers, the value is the PublicEvent message. `traceparent` is the header of
 * W3C Trace Context.
 */
export function cloudEventMessage(
  event: PublicEvent,
  { clusterId, format, publishedThrough, beside }: CloudEventOptions,
): CloudEventMessage {
  const { ledger, position, index, epoch, tenant, atMs, traceparent } = event;
  const key = publicSubjectOf(event, tenant);
  return {
    key,
    headers: {
      ce_specversion: '1.0',
      ce_id: publicEventId(event),
      ce_source: `/ledgate/${clusterId}/${ledger}`,
      ce_type: cloudEventType(event.type),
      ce_time: new Date(atMs).toISOString(),
      ce_subject: key,
      ce_partitionkey: key,
      ce_tenant: tenant,
      [ledgerHeader]: ledger,
      [positionHeader]: String(position),
      ce_index: String(index),
      [epochHeader]: String(epoch),
      [throughHeader]: String(publishedThrough),
      ...(beside && { [besideHeader]: `${beside.ledger}:${beside.through}:${beside.epoch}` }),
      'content-type': contentTypes[format],
      ...(traceparent === '' ? {} : { traceparent }),
    },
    value: format === 'json' ? publicEventJson(event) : encodePublicEvent(event),
  };
}
