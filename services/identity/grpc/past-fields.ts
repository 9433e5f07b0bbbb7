import type { Cursor } from '#libs/history/history-of.js';
import type { Place, When } from '#libs/history/moment.js';
import type { Part } from '#libs/history/smallest-texts.js';
import type { PageRequest } from '#proto/ledgate/identity/v1/page.js';
import type { Moment } from '#proto/ledgate/operator/v1/time_machine.js';
import type { AdmittedCall } from '#services/identity/grpc/admission.js';

/**
 * The moment that a request names; none: now, with everything that this instance has read. What is
 * wrong with it joins the violations of the call.
 */
export function whenOf(call: AdmittedCall, field: string, moment: Moment | undefined): When {
  const { fields, nowMs } = call;
  if (moment === undefined) return { position: call.parts.ledger.reader.position, atMs: nowMs };
  const { position, atMs } = moment;
  if (atMs !== undefined && (atMs < 0n || atMs > BigInt(nowMs))) {
    fields.add(`${field}.at_ms`, 'is not a Unix time in milliseconds of the past');
  }
  const last = call.parts.ledger.reader.position;
  if (position !== undefined && position > BigInt(Math.max(0, last))) {
    fields.add(`${field}.position`, `the ledger ends at ${last}`);
  }
  const time = atMs === undefined ? undefined : Number(atMs);
  if (position !== undefined) return { position: Number(position), atMs: time };
  if (time === undefined) fields.add(field, 'give a position, a time, or both');
  return { atMs: time ?? 0 };
}

export interface PastPage extends Part {
  /** The token of the page after `last`. */
  next(last: string): string;
}

/** A page of a list about moments of the ledger: its token is good for these very moments only. */
export function pageAt(
  call: AdmittedCall,
  page: PageRequest | undefined,
  query: readonly string[],
  places: readonly Place[],
): PastPage {
  const at = places.map(({ position, atMs }) => `${position}@${atMs}`);
  const whole = [call.context.method, ...query, ...at];
  const { size, after } = call.pages.read(call.fields, page, whole);
  call.fields.check();
  return { size, after, next: (last) => call.pages.make(last, whole) };
}

/** Where the part of a history before ended. */
export function cursorOf(text: string): Cursor {
  const [position = '', index = ''] = text.split(':');
  return text === ''
    ? { position: 0, index: -1 }
    : { position: Number(position), index: Number(index) };
}

export function cursorText({ position, index }: Cursor): string {
  return `${position}:${index}`;
}
