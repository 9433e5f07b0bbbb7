import type {
  CertificateKind,
  Cause,
  OtpAlgorithm,
  OtpChannel,
  RemovableCredential,
} from './closed-sets.js';
import type { VaultRef } from './vault-ref.js';

/** An authenticator app (RFC 6238). */
export interface TotpEnrolled {
  readonly type: 'TotpEnrolled';
  readonly principal: string;
  readonly credential: string;
  readonly name: string;
  readonly seed: VaultRef;
  readonly algorithm: OtpAlgorithm;
  readonly digits: number;
  readonly periodSeconds: number;
  /** The time step of the code that proved the enrolment: no step up to it is taken again. */
  readonly firstStep: number;
  readonly challenge?: string | undefined;
}
/** A telephone or mailbox that codes are sent to. */
export interface OtpChannelEnrolled {
  readonly type: 'OtpChannelEnrolled';
  readonly principal: string;
  readonly credential: string;
  readonly name: string;
  readonly channel: OtpChannel;
  /** HMAC of the address under the tenant's blind-index key (base64url). */
  readonly blindIndex: string;
  readonly address: VaultRef;
  readonly challenge?: string | undefined;
}
/** A WebAuthn credential (WebAuthn Level 3). */
export interface PasskeyRegistered {
  readonly type: 'PasskeyRegistered';
  readonly principal: string;
  readonly credential: string;
  readonly name: string;
  /** The credential id that the authenticator chose (base64url), and its SHA-256. */
  readonly webauthnId: string;
  readonly idSha256: string;
  /** The COSE key (RFC 9052), base64url. */
  readonly publicKey: string;
  readonly aaguid: string;
  readonly transports: readonly string[];
  readonly userVerified: boolean;
  readonly discoverable: boolean;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  readonly signCount: number;
  readonly challenge?: string | undefined;
}
/** Replaces all earlier codes of the principal. */
export interface RecoveryCodesGenerated {
  readonly type: 'RecoveryCodesGenerated';
  readonly principal: string;
  readonly credential: string;
  /** Counts up with each generation of the principal; the first is 1. */
  readonly generation: number;
  readonly count: number;
  /** The sealed HMACs of the codes. */
  readonly codes: VaultRef;
}
export interface RecoveryCodeConsumed {
  readonly type: 'RecoveryCodeConsumed';
  readonly principal: string;
  readonly credential: string;
  readonly generation: number;
  /** Which code, from 0. */
  readonly index: number;
  readonly remaining: number;
  readonly challenge?: string | undefined;
}
/** A key or workload whose TLS certificate (RFC 8705, SPIFFE) authenticates the principal. */
export interface CertificateBound {
  readonly type: 'CertificateBound';
  readonly principal: string;
  readonly credential: string;
  readonly name: string;
  readonly kind: CertificateKind;
  /** SHA-256 of the SubjectPublicKeyInfo (base64url), or the SPIFFE id. */
  readonly identity: string;
  readonly expiresAtMs?: number | undefined;
}
export interface ClientSecretCreated {
  readonly type: 'ClientSecretCreated';
  readonly client: string;
  /** The service principal of the client. */
  readonly principal: string;
  readonly credential: string;
  /** The first 8 characters after the `lgcs_` marker, for recognition only. */
  readonly prefix: string;
  /** SHA-256 of the whole secret text. */
  readonly sha256: string;
  readonly expiresAtMs?: number | undefined;
  /** Rotation: the secret that this one replaces stays valid until `overlapUntilMs`. */
  readonly replaces?: string | undefined;
  readonly overlapUntilMs?: number | undefined;
}
export interface CredentialRemoved {
  readonly type: 'CredentialRemoved';
  readonly principal: string;
  readonly credential: string;
  readonly kind: RemovableCredential;
  /** The client, where the credential was its secret. */
  readonly client?: string | undefined;
  readonly cause: Cause;
}

export type FactorEvent =
  | TotpEnrolled
  | OtpChannelEnrolled
  | PasskeyRegistered
  | RecoveryCodesGenerated
  | RecoveryCodeConsumed
  | CertificateBound
  | ClientSecretCreated
  | CredentialRemoved;
