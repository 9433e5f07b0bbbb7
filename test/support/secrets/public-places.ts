import { cloudEventMessage, publicFormats } from '#libs/events/cloud-event.js';
import { decodeCommandPayload } from '#libs/events/codec.js';
import { publicEventsOf, type PublicEvent } from '#libs/events/public-events.js';
import { decodeRecord, RecordKind } from '#libs/ledger/record.js';
import type { Place } from './search.js';

/** Everything that others would be told of records, whether these count or not. */
export function publicEventsOfRecords(records: readonly Uint8Array[]): PublicEvent[] {
  return records.flatMap((bytes, position) => {
    const record = decodeRecord(bytes);
    if (typeof record === 'string' || record.header.kind !== RecordKind.COMMAND) return [];
    const decoded = decodeCommandPayload(record.payload);
    if (!decoded.ok) throw new Error(decoded.problem);
    const { atMs } = record.header;
    return publicEventsOf(decoded.value, { ledger: 'auth.ledger.v1', position, atMs });
  });
}

/** The events as they leave: messages of both formats, keys and headers. */
export function publicPlaces(events: readonly PublicEvent[]): Place[] {
  return publicFormats.map((format) => {
    const options = { clusterId: 'cluster', format, publishedThrough: -1 };
    const parts = events.flatMap((event) => {
      const { key, headers, value } = cloudEventMessage(event, options);
      return [Buffer.from(`${key}\n${JSON.stringify(headers)}\n`), value];
    });
    return { name: `public events in ${format}`, content: Buffer.concat(parts) };
  });
}
