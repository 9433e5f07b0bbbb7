import { decodeCommandPayload } from '#libs/events/codec.js';
import { publicEventsOf, type PublicEvent } from '#libs/events/public-events.js';
import { RecordKind, type RecordHeader } from '#libs/ledger/record.js';

/** One accepted command record, as a stream sees it. */
export interface FeedEntry {
  readonly position: number;
  readonly header: RecordHeader;
  /** Undefined: this build does not understand the record. */
  readonly events: readonly PublicEvent[] | undefined;
}

/** Everything up to and including `through` was looked at; what is to be told of it is in `entries`. */
export interface FeedStep {
  readonly entries: readonly FeedEntry[];
  readonly through: number;
  /** Nothing more is there now. */
  readonly atEnd: boolean;
}

/** What a stream has to be told of an accepted record; undefined: nothing. */
export function feedEntryOf(
  ledger: string,
  position: number,
  header: RecordHeader,
  payload: Uint8Array,
  epoch: number,
): FeedEntry | undefined {
  if (header.kind !== RecordKind.COMMAND) return undefined;
  const decoded = decodeCommandPayload(payload);
  if (!decoded.ok || decoded.value.events.some((stored) => !stored.known && stored.critical)) {
    return { position, header, events: undefined };
  }
  const at = { ledger, position, atMs: header.atMs, epoch };
  const events = publicEventsOf(decoded.value, at);
  return events.length === 0 ? undefined : { position, header, events };
}
