import { Failure } from '#libs/errors/failure.js';
import type { DomainEvent, EventType } from '#libs/events/catalogue.js';

/**
 * The event of a type among those of a command. Ids in answers are taken from it, so that a
 * repeated command answers with the ids of the first time.
 */
export function executedEvent<T extends EventType>(
  events: readonly DomainEvent[],
  type: T,
): Extract<DomainEvent, { type: T }> {
  const found = events.find((event) => event.type === type);
  if (found === undefined) throw new Failure('INTERNAL', `the record holds no ${type}`);
  return found as Extract<DomainEvent, { type: T }>;
}
