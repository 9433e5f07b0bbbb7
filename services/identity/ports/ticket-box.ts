/** What a ticket is for; one made for one purpose opens for no other. */
export type TicketPurpose =
  | 'login'
  | 'passkey login'
  | 'enrolment'
  | 'step-up'
  | 'password reset'
  | 'sign-up'
  | 'known device'
  | 'upstream login';

/** An opened ticket. */
export interface OpenedTicket {
  /** Unique; for single use it is written by the record of the effect. */
  readonly id: string;
  /** The caller checks its shape: an older build may have sealed it. */
  readonly content: unknown;
  /** ms since the Unix epoch. */
  readonly expiresAtMs: number;
}

/**
 * Sealed, expiring notes to ourselves that others carry: nothing is stored for whoever is not
 * authenticated yet. The text can neither be read nor changed by who holds it.
 */
export interface TicketBox {
  seal(purpose: TicketPurpose, content: object, expiresAtMs: number): string;
  /** `undefined`: not ours, of another purpose, or expired. */
  open(purpose: TicketPurpose, text: string, nowMs: number): OpenedTicket | undefined;
}
