import { keyHash } from '#libs/events/keys.js';
import type { Judged } from '#libs/ledger/judge.js';
import { RecordKind } from '#libs/ledger/record.js';
import { names, recordedEvents, type RecordedEvent } from './recorded-events.js';
import type { TimeMachine } from './time-machine.js';

/** An event about something, or a record about it that this build cannot read. */
export type PastEvent =
  | ({ readonly readable: true } & RecordedEvent)
  | { readonly readable: false; readonly position: number; readonly atMs: number };

export interface History {
  readonly events: readonly PastEvent[];
  /** Where to go on; `undefined`: this was all. */
  readonly next: Cursor | undefined;
}

/** The event after which a part of the list begins. */
export interface Cursor {
  readonly position: number;
  /** Among the events of the record that are about it. */
  readonly index: number;
}

/** Kinds of keys that an id may stand behind, for records of which only the keys can be read. */
const kinds = [
  'principal',
  'grants-of',
  'groups-of',
  'role',
  'group',
  'grant',
  'credential',
  'session',
  'family',
  'token',
  'sessions-list',
] as const;

/**
 * Every event of a tenant that names an id (principal, role, group, grant, credential, signing key),
 * oldest first. Reads the ledger up to `upTo`; void records count for nothing. Rejects like
 * `TimeMachine.records`.
 */
export async function historyOf(
  machine: Pick<TimeMachine, 'records'>,
  about: { readonly tenant: string; readonly id: string },
  part: { readonly after: Cursor; readonly size: number; readonly upTo: number },
  signal: AbortSignal,
): Promise<History> {
  const { after, size, upTo } = part;
  const events: PastEvent[] = [];
  const seen = { position: after.position, index: after.index };
  for await (const judged of machine.records(after.position - 1, upTo, signal)) {
    for (const [index, event] of eventsAbout(judged, about).entries()) {
      if (judged.position === after.position && index <= after.index) continue;
      if (events.length === size) return { events, next: { ...seen } };
      events.push(event);
      Object.assign(seen, { position: judged.position, index });
    }
  }
  return { events, next: undefined };
}

/** Accepted events of a tenant in one record; `undefined`: it is there, and cannot be read. */
export function eventsIn(judged: Judged, tenant: string): readonly RecordedEvent[] | undefined {
  const { header, payload, accepted, position } = judged;
  if (!accepted || header?.kind !== RecordKind.COMMAND || payload === undefined) return [];
  if (Buffer.compare(header.tenantHash, keyHash(tenant, 'tenant', tenant)) !== 0) return [];
  return recordedEvents(position, header, payload)?.filter((one) => one.tenant === tenant);
}

function eventsAbout(
  judged: Judged,
  { tenant, id }: { readonly tenant: string; readonly id: string },
): readonly PastEvent[] {
  const events = eventsIn(judged, tenant);
  if (events !== undefined) {
    const ids = new Set([id]);
    return events
      .filter(({ event }) => names(event, ids))
      .map((event) => ({ readable: true, ...event }));
  }
  const written = new Set(judged.header?.writes.map((key) => Buffer.from(key).toString('hex')));
  const isAbout = kinds.some((kind) =>
    written.has(Buffer.from(keyHash(tenant, kind, id)).toString('hex')),
  );
  const atMs = judged.header?.atMs ?? 0;
  return isAbout ? [{ readable: false, position: judged.position, atMs }] : [];
}
