import type { DomainEvent } from '#libs/events/catalogue.js';
import { decodeCommandPayload } from '#libs/events/codec.js';
import { eventFormats } from '#libs/events/event-formats.js';
import type { RecordHeader } from '#libs/ledger/record.js';

/** One event of the ledger, for whoever wants to know what a decision rests on. */
export interface RecordedEvent {
  readonly position: number;
  /** The ledger that holds it; absent: L. */
  readonly ledger?: 'S' | undefined;
  readonly event: DomainEvent;
  /** E.g. `ledgate.grant.RoleGranted.v1`. */
  readonly wireType: string;
  readonly tenant: string;
  readonly actor: { readonly tenant: string; readonly principal: string };
  /** ms since the Unix epoch, by the clock of the writer. */
  readonly atMs: number;
  /** Why, in the words of whoever did it. */
  readonly reason: string;
}

/** The events of a COMMAND record, in order; `undefined` when its payload cannot be read. */
export function recordedEvents(
  position: number,
  header: Pick<RecordHeader, 'atMs'>,
  payload: Uint8Array,
): RecordedEvent[] | undefined {
  const decoded = decodeCommandPayload(payload);
  if (!decoded.ok) return undefined;
  const { tenant, actor, reason, events } = decoded.value;
  const { atMs } = header;
  return events.flatMap((stored) => {
    if (!stored.known) return [];
    const { event } = stored;
    const { wireType } = eventFormats[event.type];
    return [{ position, event, wireType, tenant, actor, atMs, reason }];
  });
}

/**
 * Of a record that holds several events, those that name one of the ids; all of them when none does
 * (a watermark of the whole cluster names nobody).
 */
export function relevant(
  recorded: readonly RecordedEvent[],
  position: number,
  ids: ReadonlySet<string>,
): RecordedEvent[] {
  const here = recorded.filter((one) => one.position === position);
  const named = here.filter(({ event }) => names(event, ids));
  return named.length > 0 ? named : here;
}

/** Whether a field of the event is one of the ids, or a list that holds one. */
export function names(event: DomainEvent, ids: ReadonlySet<string>): boolean {
  return Object.entries(event).some(([field, value]: [string, unknown]) => {
    if (field === 'type') return false;
    if (Array.isArray(value)) return value.some((item) => ids.has(item as string));
    return typeof value === 'string' && ids.has(value);
  });
}
