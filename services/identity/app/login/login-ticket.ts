import { createHash } from 'node:crypto';
import { Failure } from '#libs/errors/failure.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';

/** So long a log-in may take from the password to its last factor, ms. */
export const loginMs = 600_000;

/** A log-in whose password was right. */
export interface LoginTicket {
  /** Id of this log-in: tries are counted on it. */
  readonly login: string;
  readonly tenant: string;
  readonly principal: string;
  /** The credential that was verified first. */
  readonly credential: string;
  readonly authPosition: number;
  readonly authTimeMs: number;
  readonly amr: readonly string[];
  readonly label: string;
  /** The device it comes from, where that is known. */
  readonly device?: string | undefined;
  /** Somebody steps up this session: the ticket is for nothing else. */
  readonly session?: string | undefined;
  /** What was asked for last. */
  readonly asked?: Asked | undefined;
}

/** A factor that was made ready. */
export interface Asked {
  readonly credential: string;
  /** A code was sent: the challenge that its tries are counted on. */
  readonly challenge?: string | undefined;
  /** A passkey was asked: the bytes that it must sign, base64url. */
  readonly nonce?: string | undefined;
}

export function sealLogin(parts: IdentityParts, ticket: LoginTicket): string {
  return parts.proofs.tickets.seal('login', ticket, ticket.authTimeMs + loginMs);
}

/** Rejects WRONG_STATE for anything that is no log-in in progress. */
export function openLogin(parts: IdentityParts, text: string): LoginTicket {
  const opened = parts.proofs.tickets.open('login', text, parts.clock.wallMs());
  if (opened === undefined) throw ticketRefused();
  return opened.content as LoginTicket;
}

/** One text for every ticket that does not open: expired, of another purpose, or not ours. */
export function ticketRefused(): Failure {
  return new Failure('WRONG_STATE', 'this has expired, or was not begun here; begin again');
}

/** What a challenge of ledger S is bound to: its ticket. */
export function bindingOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url');
}
