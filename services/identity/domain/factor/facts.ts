import type { VaultRef } from '#libs/events/catalogue.js';

/** What is kept of a second factor, in the document of its credential. */
export type FactorFacts = TotpFacts | OtpChannelFacts | PasskeyFacts;

export interface TotpFacts {
  readonly kind: 'TOTP';
  readonly seed: VaultRef;
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
  readonly digits: number;
  readonly periodSeconds: number;
  readonly firstStep: number;
  readonly createdAtMs: number;
}
export interface OtpChannelFacts {
  readonly kind: 'SMS' | 'EMAIL';
  readonly blindIndex: string;
  readonly address: VaultRef;
  readonly createdAtMs: number;
}
export interface PasskeyFacts {
  readonly kind: 'PASSKEY';
  readonly webauthnId: string;
  readonly publicKey: string;
  readonly transports: readonly string[];
  readonly discoverable: boolean;
  readonly backupEligible: boolean;
  readonly signCount: number;
  readonly createdAtMs: number;
}

/** The blob that a factor points to. */
export function blobOf(facts: FactorFacts): string | undefined {
  switch (facts.kind) {
    case 'TOTP':
      return facts.seed.id;
    case 'SMS':
    case 'EMAIL':
      return facts.address.id;
    case 'PASSKEY':
      return undefined;
  }
}
