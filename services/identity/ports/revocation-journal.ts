import type { CommandCall } from '#services/identity/app/identity-parts.js';
import type { CallTarget } from '#services/identity/app/permit.js';
import type { Command } from '#services/identity/domain/commands.js';
import type { SessionCommand } from '#services/identity/domain/session-commands.js';

/** What only takes away, and so may be heeded before ledger S has it. */
export type Revocation = Extract<
  SessionCommand,
  { type: 'RevokeToken' | 'RevokeRefreshFamily' | 'EndSession' | 'EndSessions' }
>;

/** The same of ledger L: it ends the access of a tenant, principal, client or credential. */
export type AccessRevocation = Extract<
  Command,
  {
    type:
      | 'SuspendTenant'
      | 'SuspendPrincipal'
      | 'DeletePrincipal'
      | 'SuspendClient'
      | 'DeleteClient'
      | 'RevokeApiKey'
      | 'BlockCredential'
      | 'RemovePassword'
      | 'RemoveCertificate'
      | 'RevokeClientSecret';
  }
>;

/** By what right a revocation of L was asked for: judged again when the ledger takes it. */
export interface AskedRight {
  readonly method: string;
  readonly target: CallTarget;
  /** When it was asked for, ms since the Unix epoch: grants that end later hold. */
  readonly atMs: number;
  /** What the caller's credential left of its rights. */
  readonly limits: { readonly scopes: readonly string[]; readonly resourcePrefix: string };
  /** Id of the caller's API key; `''`: it called by something else. */
  readonly apiKey: string;
}

/** A revocation that was permitted, and answered, before the ledger could take it. */
export interface HeldRevocation {
  /** Unique in the cell. */
  readonly id: string;
  readonly call: Omit<CommandCall, 'permit'>;
  readonly command: Revocation | AccessRevocation;
  /** Of one of ledger L. */
  readonly asked?: AskedRight | undefined;
}

/** Where this instance keeps what it has promised: a kill must not lose it. */
export interface RevocationJournal {
  /** What an earlier process left. */
  load(): readonly HeldRevocation[];
  /** How many whole lines of it could not be read. */
  readonly unreadable: number;
  /** Returns once it is on the disk. Throws: it is not, and never will be. */
  add(held: HeldRevocation): void;
  /** The ledger has it. Throws: its line is there still, until the next is removed. */
  remove(id: string): void;
}
