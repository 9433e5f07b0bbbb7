/** How the codes of an authenticator app are made (RFC 6238). */
export interface TotpForm {
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
  /** 6 or 8. */
  readonly digits: number;
  readonly periodSeconds: number;
}

/** What every authenticator app understands. */
export const defaultTotpForm: TotpForm = { algorithm: 'SHA1', digits: 6, periodSeconds: 30 };

/** What somebody scans, or types, into an authenticator app; all of it is secret. */
export interface TotpInvitation {
  /** `otpauth://totp/…` */
  readonly uri: string;
  /** The seed in Base32, for typing. */
  readonly typed: string;
}

/** Codes of authenticator apps. */
export interface Totp {
  /** 160 random bits (RFC 4226, section 4, R6). */
  newSeed(): Uint8Array;
  invitation(
    seed: Uint8Array,
    form: TotpForm,
    names: { readonly issuer: string; readonly account: string },
  ): TotpInvitation;
  /** The invitation as a picture: SVG with no script and no outside reference. */
  picture(invitation: TotpInvitation): Promise<string>;
  /**
   * The time step that the code belongs to: the present one, or one to either side (RFC 6238,
   * section 5.2); `undefined`: none. Whether the step was used before is for the caller to judge.
   */
  stepOf(seed: Uint8Array, form: TotpForm, code: string, nowMs: number): number | undefined;
}
