/**
 * Why an evaluation ended as it did. The set is closed. On the hot path a reason is a number, so that
 * an answer allocates nothing; `reasonName` gives its text.
 *
 * `code === ALLOW` is the only test for allow. QUARANTINED means "cannot decide" (neither an allow nor
 * a deny that may be cached); everything else is a deny. 0, what forgotten memory holds, is no allow.
 */
const names = [
  'QUARANTINED',
  'ALLOWED',
  'TENANT_UNKNOWN',
  'TENANT_SUSPENDED',
  'TENANT_DELETED',
  'PRINCIPAL_UNKNOWN',
  'PRINCIPAL_SUSPENDED',
  'PRINCIPAL_DELETED',
  'CREDENTIAL_UNKNOWN',
  'CREDENTIAL_REVOKED',
  'CREDENTIAL_BLOCKED',
  'CREDENTIAL_REPLACED',
  'CREDENTIAL_EXPIRED',
  'CREDENTIAL_CHANGED',
  'SIGNING_KEY_UNKNOWN',
  'SIGNING_KEY_NOT_ACTIVE',
  'SIGNING_KEY_RETIRED',
  'SIGNING_KEY_REMOVED',
  'SIGNING_KEY_COMPROMISED',
  'WATERMARK',
  'UNKNOWN_PERMISSION',
  'RESOURCE_INVALID',
  'RESOURCE_OUT_OF_KEY_SCOPE',
  'SCOPE_INSUFFICIENT',
  'NO_GRANT',
  'ISSUED_BEFORE_RESTORE',
  'SESSION_UNKNOWN',
  'SESSION_ENDED',
  'SESSION_IDLE',
  'SESSION_EXPIRED',
  'TOKEN_REVOKED',
  'FAMILY_REVOKED',
  'CLIENT_UNKNOWN',
  'CLIENT_SUSPENDED',
  'CLIENT_DELETED',
  'CONSENT_WITHDRAWN',
  'STEP_UP_REQUIRED',
  'ISSUED_IN_OUTAGE',
  'ENDPOINT_UNKNOWN',
  'ENDPOINT_REFUSES_CREDENTIAL',
  'CREDENTIAL_MISSING',
] as const;

export type ReasonName = (typeof names)[number];

/** Index into the closed list of reasons. Process-local: never written to a wire or a file. */
export type ReasonCode = number;

export const QUARANTINED: ReasonCode = 0;
export const ALLOW: ReasonCode = 1;
export const TENANT_UNKNOWN: ReasonCode = 2;
export const TENANT_SUSPENDED: ReasonCode = 3;
export const TENANT_DELETED: ReasonCode = 4;
export const PRINCIPAL_UNKNOWN: ReasonCode = 5;
export const PRINCIPAL_SUSPENDED: ReasonCode = 6;
export const PRINCIPAL_DELETED: ReasonCode = 7;
export const CREDENTIAL_UNKNOWN: ReasonCode = 8;
export const CREDENTIAL_REVOKED: ReasonCode = 9;
export const CREDENTIAL_BLOCKED: ReasonCode = 10;
/** The key was rotated and its overlap is over. */
export const CREDENTIAL_REPLACED: ReasonCode = 11;
export const CREDENTIAL_EXPIRED: ReasonCode = 12;
/** The password is not the one that was verified: set anew or removed since. */
export const CREDENTIAL_CHANGED: ReasonCode = 13;
export const SIGNING_KEY_UNKNOWN: ReasonCode = 14;
export const SIGNING_KEY_NOT_ACTIVE: ReasonCode = 15;
export const SIGNING_KEY_RETIRED: ReasonCode = 16;
export const SIGNING_KEY_REMOVED: ReasonCode = 17;
export const SIGNING_KEY_COMPROMISED: ReasonCode = 18;
export const WATERMARK: ReasonCode = 19;
export const UNKNOWN_PERMISSION: ReasonCode = 20;
export const RESOURCE_INVALID: ReasonCode = 21;
export const RESOURCE_OUT_OF_KEY_SCOPE: ReasonCode = 22;
export const SCOPE_INSUFFICIENT: ReasonCode = 23;
export const NO_GRANT: ReasonCode = 24;
/** The ledger was restored from a backup since: everything issued before is dead. */
export const ISSUED_BEFORE_RESTORE: ReasonCode = 25;
/** Never started, or over for so long that it was forgotten. */
export const SESSION_UNKNOWN: ReasonCode = 26;
export const SESSION_ENDED: ReasonCode = 27;
export const SESSION_IDLE: ReasonCode = 28;
export const SESSION_EXPIRED: ReasonCode = 29;
export const TOKEN_REVOKED: ReasonCode = 30;
/** The refresh family that the token comes from was revoked. */
export const FAMILY_REVOKED: ReasonCode = 31;
export const CLIENT_UNKNOWN: ReasonCode = 32;
export const CLIENT_SUSPENDED: ReasonCode = 33;
export const CLIENT_DELETED: ReasonCode = 34;
export const CONSENT_WITHDRAWN: ReasonCode = 35;
/** Allowed once whoever asks has authenticated more strongly, or again. */
export const STEP_UP_REQUIRED: ReasonCode = 36;
/** SENSITIVE permissions refuse tokens that were issued while the ledger could not be asked. */
export const ISSUED_IN_OUTAGE: ReasonCode = 37;
/** No rule of the API is about this method, or this method and path. */
export const ENDPOINT_UNKNOWN: ReasonCode = 38;
/** The rule takes other kinds of credentials. */
export const ENDPOINT_REFUSES_CREDENTIAL: ReasonCode = 39;
/** The endpoint is not public, and nobody was named. */
export const CREDENTIAL_MISSING: ReasonCode = 40;

/** The text of a reason; a number outside the list reads as QUARANTINED ("cannot decide"). */
export function reasonName(code: ReasonCode): ReasonName {
  return names[code] ?? 'QUARANTINED';
}

export type Outcome = 'ALLOW' | 'DENY' | 'CANNOT_DECIDE';

export function outcomeOf(code: ReasonCode): Outcome {
  if (code === ALLOW) return 'ALLOW';
  return reasonName(code) === 'QUARANTINED' ? 'CANNOT_DECIDE' : 'DENY';
}
