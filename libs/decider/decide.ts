import type { Failure } from '#libs/errors/failure.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { Actor } from '#libs/events/envelope.js';
import type { DocumentReader } from './documents.js';

/** A command in the imperative; everything it needs (ids, hashes, vault refs) is in it. */
export interface AnyCommand {
  readonly type: string;
}

/** What a decider may know beside the command and the state. */
export interface Facts {
  /** Tenant that the command is about. */
  readonly tenant: string;
  readonly actor: Actor;
  /** Wall time of the decision, ms since the Unix epoch. */
  readonly nowMs: number;
}

/** Expected refusals are values. No events: the state is already as asked, nothing is appended. */
export type Decision = { readonly events: readonly DomainEvent[] } | { readonly rejected: Failure };

export type Decide<C extends AnyCommand> = (
  command: C,
  view: DocumentReader,
  facts: Facts,
) => Decision;
