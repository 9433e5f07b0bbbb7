import { readPublicEvent } from '#libs/events/public-event-codec.js';
import { publicSubjectOf } from '#libs/events/public-events.js';
import { wholeRecord } from '#libs/subscriber/mark.js';
import type { SourceItem } from '#libs/subscriber/source.js';
import { SubscriberError } from '#libs/subscriber/subscriber-error.js';
import type { SubscribeResponse } from '#proto/ledgate/events/v1/event_service.js';
import { PublicEvent as Message } from '#proto/ledgate/events/v1/public_event.js';

/** What a message of the stream says. */
export function readMessage(stream: string, { item }: SubscribeResponse): SourceItem {
  switch (item?.$case) {
    case 'progress': {
      const { ledger, epoch, position } = item.value;
      const mark = { ledger, epoch, position: Number(position), index: wholeRecord };
      return { kind: 'passed', stream, mark };
    }
    case 'event': {
      const message = item.value;
      const { ledger, epoch, index, type, traceparent } = message;
      const mark = { ledger, epoch, position: Number(message.position), index };
      const bytes = Message.encode(message).finish();
      const read = readPublicEvent(message);
      if (!read.ok) {
        const why = read.unknownType === true ? 'UNKNOWN_TYPE' : 'UNDECODABLE';
        const unread = { ok: false, why, type, problem: read.problem, bytes } as const;
        return { kind: 'event', stream, mark, key: '', read: unread };
      }
      const { value: event } = read;
      const key = publicSubjectOf(event, event.tenant);
      return { kind: 'event', stream, mark, key, read: { ok: true, event, traceparent } };
    }
    case undefined:
      throw new SubscriberError('UNAVAILABLE', 'the server sent a message of a newer build');
  }
}
