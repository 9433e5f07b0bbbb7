import * as wire from '#proto/ledgate/events/v1/public_event.js';
import { decodedBy, type Decoded } from './codec.js';
import {
  isPublicEventType,
  publicEventId,
  type PublicEvent,
  type PublicFacts,
} from './public-events.js';
import { withNumbers } from './wire-numbers.js';

/** A public event as its message. */
export function publicEventMessage(event: PublicEvent): wire.PublicEvent {
  const { ledger, position, epoch, index, tenant, actor, atMs, traceparent, type, ...fields } =
    event;
  const head = { ledger, position, epoch, index, type, tenant, atMs, traceparent };
  return wire.PublicEvent.fromJSON({
    id: publicEventId(event),
    ...head,
    actorTenant: actor.tenant,
    actorPrincipal: actor.principal,
    [fieldOf(type)]: fields,
  });
}

/** The bytes of that message. */
export function encodePublicEvent(event: PublicEvent): Uint8Array {
  return wire.PublicEvent.encode(publicEventMessage(event)).finish();
}

/** The same in the JSON mapping of protobuf: 64-bit numbers are strings. */
export function publicEventJson(event: PublicEvent): Uint8Array {
  return Buffer.from(JSON.stringify(wire.PublicEvent.toJSON(publicEventMessage(event))));
}

/** What could be read of a message: the whole event, or why not. */
export type ReadPublicEvent = Decoded<PublicEvent> & { readonly unknownType?: boolean };

export function readPublicEvent(message: wire.PublicEvent): ReadPublicEvent {
  const { type, event } = message;
  if (!isPublicEventType(type))
    return { ok: false, problem: `unknown event ${type}`, unknownType: true };
  return decodedBy(() => {
    if (event === undefined || event.$case !== fieldOf(type)) {
      throw new TypeError(`the message of ${type} is missing`);
    }
    const { ledger, tenant, index, epoch, traceparent } = message;
    const { position, atMs } = withNumbers({ position: message.position, atMs: message.atMs });
    const actor = { tenant: message.actorTenant, principal: message.actorPrincipal };
    const facts = { type, ...withNumbers(event.value) } as unknown as PublicFacts;
    const place = { ledger, position: Number(position), atMs: Number(atMs) };
    return { ...place, epoch, index, tenant, actor, traceparent, ...facts };
  });
}

/** Reads the value of a message; `contentType` as in its header, protobuf when there is none. */
export function decodePublicEvent(bytes: Uint8Array, contentType = ''): ReadPublicEvent {
  const message = decodedBy(() =>
    contentType.startsWith('application/json')
      ? wire.PublicEvent.fromJSON(JSON.parse(Buffer.from(bytes).toString('utf8')))
      : wire.PublicEvent.decode(bytes),
  );
  return message.ok ? readPublicEvent(message.value) : message;
}

/** `GrantRevoked` → `grantRevoked`. */
function fieldOf(type: string): string {
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
}
