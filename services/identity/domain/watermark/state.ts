import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import type { Cause, DomainEvent, WatermarkScope } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

/** Everything issued in the scope before `notBefore`, a ledger position, is dead. */
export interface WatermarkDocument {
  readonly notBefore: number;
  readonly cause: Cause;
}

/** Under `<scope>,<id>`; the one of scope ALL lives under tenant `''`. */
export const watermarks = new DocumentKind<WatermarkDocument>('watermark');

export function watermarkId(scope: WatermarkScope, id: string): string {
  return `${scope},${id}`;
}

export type WatermarkEvent = Extract<DomainEvent, { type: 'WatermarkRaised' }>;

export function evolveWatermark(
  event: WatermarkEvent,
  to: DocumentWriter,
  { tenant, position }: EventContext,
): void {
  const { scope, id, cause } = event;
  const all = scope === 'ALL';
  const owner = all ? '' : tenant;
  watermarks.put(to, owner, watermarkId(scope, all ? '' : id), { notBefore: position, cause });
}
