import type { FactorKind } from '#libs/events/catalogue.js';

/** One factor. */
export const acrOneFactor = 'urn:ledgate:acr:1';
/** Two factors, or a passkey that verified its user. */
export const acrTwoFactors = 'urn:ledgate:acr:2';

/** What was proved. */
export type Proof = FactorKind | 'PASSWORD';

/** Authentication methods (RFC 8176, and `email` and `recovery` of our own). */
const methods = {
  PASSWORD: ['pwd'],
  TOTP: ['otp'],
  SMS: ['sms'],
  EMAIL: ['email'],
  RECOVERY_CODE: ['recovery'],
} as const satisfies Record<Exclude<Proof, 'PASSKEY'>, readonly string[]>;

/**
 * How hard it is to come by without being the owner. A recovery code is 80 random bits and stands in
 * for whatever was lost: it opens what the strongest factor opens.
 */
const strengths: Readonly<Record<Proof, number>> = {
  PASSWORD: 1,
  EMAIL: 2,
  SMS: 2,
  TOTP: 3,
  PASSKEY: 4,
  RECOVERY_CODE: 5,
};

const proofOfMethod: ReadonlyMap<string, Proof> = new Map([
  ['pwd', 'PASSWORD'],
  ['otp', 'TOTP'],
  ['sms', 'SMS'],
  ['email', 'EMAIL'],
  ['hwk', 'PASSKEY'],
  ['swk', 'PASSKEY'],
  ['recovery', 'RECOVERY_CODE'],
]);

export function methodsOf(proof: Exclude<Proof, 'PASSKEY'>): readonly string[] {
  return methods[proof];
}

/** A passkey that can be copied to other devices is a software key, any other a hardware key. */
export function passkeyMethods(backupEligible: boolean, userVerified: boolean): readonly string[] {
  return [backupEligible ? 'swk' : 'hwk', ...(userVerified ? ['user'] : [])];
}

export function strengthOf(proof: Proof): number {
  return strengths[proof];
}

/** Strength of the strongest method of a session. */
export function strengthOfMethods(amr: readonly string[]): number {
  return Math.max(0, ...amr.map((method) => strengths[proofOfMethod.get(method) ?? 'PASSWORD']));
}
