/** Replaces an earlier consent of the principal for the client. */
export interface GiveConsent {
  readonly type: 'GiveConsent';
  readonly principal: string;
  readonly client: string;
  readonly scopes: readonly string[];
  /** `''`: whatever the client's audiences are. */
  readonly audience: string;
  readonly expiresAtMs?: number | undefined;
}
/** What the client was given for the principal is dead. */
export interface WithdrawConsent {
  readonly type: 'WithdrawConsent';
  readonly principal: string;
  readonly client: string;
}

export type ConsentCommand = GiveConsent | WithdrawConsent;
