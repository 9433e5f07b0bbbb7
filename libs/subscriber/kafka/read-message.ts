import type { KafkaMessage } from 'kafkajs';
import { decodePublicEvent } from '#libs/events/public-event-codec.js';
import { publicSubjectOf } from '#libs/events/public-events.js';
import type { Mark } from '#libs/subscriber/mark.js';
import type { SourceItem } from '#libs/subscriber/source.js';

type Headers = KafkaMessage['headers'];

/**
 * What a message of a public topic says (CloudEvents 1.0, Kafka binding, binary mode). Its address is
 * read from `ce_id`, so that also what cannot be understood has one.
 */
export function readMessage(
  stream: string,
  { headers, value, key, offset }: Pick<KafkaMessage, 'headers' | 'value' | 'key' | 'offset'>,
): SourceItem {
  const mark = markOf(headerOf(headers, 'ce_id'), offset);
  const type = headerOf(headers, 'ce_type');
  const traceparent = headerOf(headers, 'traceparent');
  const bytes = value ?? Buffer.alloc(0);
  const read = decodePublicEvent(bytes, headerOf(headers, 'content-type'));
  if (read.ok) {
    const event = read.value;
    const subject = publicSubjectOf(event, event.tenant);
    return { kind: 'event', stream, mark, key: subject, read: { ok: true, event, traceparent } };
  }
  const why = read.unknownType === true ? 'UNKNOWN_TYPE' : 'UNDECODABLE';
  const unread = { ok: false, why, type, problem: read.problem, bytes } as const;
  return { kind: 'event', stream, mark, key: String(key ?? ''), read: unread };
}

/** One without an address cannot be told from a repeat: it counts as behind everything before it. */
function markOf(id: string, offset: string): Mark {
  const [, ledger = '', position, index, epoch = '1'] =
    /^(.+?):(\d{1,16}):(\d{1,9})(?::(\d{1,9}))?$/.exec(id) ?? [];
  if (position === undefined) {
    return { ledger: `without id at ${offset}`, epoch: 1, position: 0, index: 0, offset };
  }
  const place = { epoch: Number(epoch), position: Number(position), index: Number(index) };
  return { ledger, ...place, offset };
}

function headerOf(headers: Headers, name: string): string {
  const found = headers?.[name];
  const [first] = Array.isArray(found) ? found : [found];
  return first === undefined ? '' : String(first);
}
