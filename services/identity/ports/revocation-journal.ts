import type { SessionCommand } from '#services/identity/domain/session-commands.js';
import type { CommandCall } from '#services/identity/app/identity-parts.js';

/** What only takes away, and so may be heeded before the ledger has it. */
export type Revocation = Extract<
  SessionCommand,
  { type: 'RevokeToken' | 'RevokeRefreshFamily' | 'EndSession' | 'EndSessions' }
>;

/** A revocation that was permitted, and answered, before the ledger could take it. */
export interface HeldRevocation {
  /** Unique here. */
  readonly id: string;
  readonly call: Omit<CommandCall, 'permit'>;
  readonly command: Revocation;
}

/** Where this instance keeps what it has promised: a kill must not lose it. */
export interface RevocationJournal {
  /** What an earlier process left. */
  load(): readonly HeldRevocation[];
  /** Returns once it is on the disk. */
  add(held: HeldRevocation): void;
  /** The ledger has it. */
  remove(id: string): void;
}
