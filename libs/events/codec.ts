import * as wire from '#proto/ledgate/ledger/v1/payload.js';

import type { DomainEvent, EventType } from './catalogue.js';
import type { CommandPayload, StoredEvent } from './envelope.js';
import { eventFormats } from './event-formats.js';
import { PayloadReader } from './payload-reader.js';
import { encoded } from './payload-writer.js';

/** A payload that cannot be understood is a value: the reader quarantines what it would write. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

const typeOf = new Map<string, EventType>(
  Object.entries(eventFormats).map(([type, format]) => [format.wireType, type as EventType]),
);

/** Throws only for what cannot be stored at all: an event that this build itself does not know. */
export function encodeCommandPayload(payload: CommandPayload): Uint8Array {
  return encoded(wire.CommandPayload, {
    tenant: payload.tenant,
    actorTenant: payload.actor.tenant,
    actorPrincipal: payload.actor.principal,
    command: payload.command,
    commandId: payload.commandId,
    requestDigest: payload.requestDigest,
    reason: payload.reason,
    traceparent: payload.traceparent,
    events: payload.events.map((stored) => encodeStored(stored)),
  });
}

function encodeStored(stored: StoredEvent): wire.EventEnvelope {
  if (!stored.known) throw new TypeError(`cannot encode the unknown event ${stored.wireType}`);
  const format = eventFormats[stored.event.type];
  const data = format.encode(stored.event);
  return {
    type: format.wireType,
    critical: format.critical,
    data: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  };
}

export function decodeCommandPayload(bytes: Uint8Array): Decoded<CommandPayload> {
  return decodedBy(() => {
    const message = wire.CommandPayload.decode(new PayloadReader(bytes));
    if (message.tenant === '') throw new TypeError('CommandPayload.tenant is missing');
    if (message.command === '') throw new TypeError('CommandPayload.command is missing');
    return {
      tenant: message.tenant,
      actor: { tenant: message.actorTenant, principal: message.actorPrincipal },
      command: message.command,
      commandId: message.commandId,
      requestDigest: message.requestDigest,
      reason: message.reason,
      traceparent: message.traceparent,
      events: message.events.map(decodeStored),
    };
  });
}

function decodeStored(envelope: wire.EventEnvelope): StoredEvent {
  const type = typeOf.get(envelope.type);
  if (type === undefined) {
    return { known: false, wireType: envelope.type, critical: envelope.critical };
  }
  return { known: true, event: eventFormats[type].decode(envelope.data) };
}

/** The bytes of one event, as they stand in the `data` of its envelope. */
export function encodeEvent(event: DomainEvent): Uint8Array {
  return eventFormats[event.type].encode(event);
}

export function decodeEvent(wireType: string, data: Uint8Array): Decoded<DomainEvent> {
  const type = typeOf.get(wireType);
  if (type === undefined) return { ok: false, problem: `unknown event ${wireType}` };
  return decodedBy(() => eventFormats[type].decode(data));
}

/** Turns whatever decoding throws (a truncated field, a word outside its set) into a value. */
export function decodedBy<T>(decode: () => T): Decoded<T> {
  try {
    return { ok: true, value: decode() };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : 'not decodable' };
  }
}
