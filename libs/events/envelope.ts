import type { DomainEvent } from './catalogue.js';

/** The tenant that owns the cluster itself: its admins operate every tenant. */
export const systemTenant = 'system';

/** Who caused a record: a principal of some tenant, or the system itself (bootstrap, schedules). */
export interface Actor {
  readonly tenant: string;
  /** Principal id; `''` when the system itself acted. */
  readonly principal: string;
}

/** The payload of a COMMAND record: what one command produced, atomically. */
export interface CommandPayload {
  readonly tenant: string;
  readonly actor: Actor;
  /** The command's name in the imperative, e.g. `RevokeApiKey`. */
  readonly command: string;
  /** The caller's idempotency key; `''` when it gave none. */
  readonly commandId: string;
  /** Keyed digest of the request without its secrets: tells reuse of an id for something else. */
  readonly requestDigest: string;
  /** Why, in the caller's words (shown by explain and audit; must not hold personal data). */
  readonly reason: string;
  readonly traceparent: string;
  readonly events: readonly StoredEvent[];
}

/** An event as it was stored. */
export type StoredEvent =
  | { readonly known: true; readonly event: DomainEvent }
  /** A type that this build does not know. Critical ones quarantine the record's write keys. */
  | { readonly known: false; readonly wireType: string; readonly critical: boolean };

/** What a fold is told beside the event itself. */
export interface EventContext {
  readonly tenant: string;
  readonly actor: Actor;
  /** Ledger position of the record. */
  readonly position: number;
  /** `at` of the record header, ms since the Unix epoch, by the writer's clock. */
  readonly atMs: number;
  readonly reason: string;
}
