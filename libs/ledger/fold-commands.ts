import { decodeCommandPayload } from '#libs/events/codec.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { CommandPayload, EventContext } from '#libs/events/envelope.js';
import type { Judged } from './judge.js';
import { RecordKind } from './record.js';

const nothing = new Uint8Array(0);

/** What a fold does with the parts of accepted records. */
export interface CommandSink {
  /**
   * Called once before the events of each understood COMMAND record. `appendedAtMs`: when the log
   * took it, ms since the Unix epoch by the log's clock, which is the same for every reader.
   */
  command?(payload: CommandPayload, context: EventContext, appendedAtMs: number): void;
  event(event: DomainEvent, context: EventContext): void;
  /**
   * The record could not be understood: whatever it wrote is unknown, so evaluation that touches one
   * of these keys (16 bytes each) cannot decide.
   */
  quarantine(keys: readonly Uint8Array[], position: number): void;
}

/**
 * Feeds the events of one judged record to a fold. Void records and control records bring nothing. A
 * payload that does not decode, or an unknown critical event, quarantines the header's write keys and
 * none of its events count; unknown events that are not critical are passed over.
 */
export function foldCommands(judged: Judged, sink: CommandSink): void {
  if (!judged.accepted || judged.header?.kind !== RecordKind.COMMAND) return;
  const { header, position, appendedAtMs } = judged;
  const decoded = (judged.decoded ??= decodeCommandPayload(judged.payload ?? nothing));
  if (!decoded.ok || decoded.value.events.some((stored) => !stored.known && stored.critical)) {
    sink.quarantine(header.writes, position);
    return;
  }
  const payload = decoded.value;
  const { tenant, actor, reason } = payload;
  const context: EventContext = { tenant, actor, position, atMs: header.atMs, reason };
  sink.command?.(payload, context, appendedAtMs);
  for (const stored of payload.events) if (stored.known) sink.event(stored.event, context);
}
