import type { DomainEvent, EventType } from './catalogue.js';

/** What a ledger may hold without a FEATURE_LEVEL record. */
export const foundingLevel = 1;
/** The highest level that this build knows. A new cell is founded at it. */
export const newestLevel = 2;

/** Events that came later than level 1. A level is never given to an event again. */
const since: Partial<Record<EventType, number>> = {
  SubjectErased: 2,
};

/**
 * The level that a ledger must have before the event may be written: a reader of an older build does
 * not know it, and would have to quarantine what it touches.
 */
export function levelOf(event: DomainEvent): number {
  // An older build would pass over the field and allow without a record.
  if (isPermission(event) && event.auditRequired === true) return 2;
  return since[event.type] ?? foundingLevel;
}

function isPermission(
  event: DomainEvent,
): event is Extract<DomainEvent, { type: 'PermissionDefined' | 'PermissionChanged' }> {
  return event.type === 'PermissionDefined' || event.type === 'PermissionChanged';
}
