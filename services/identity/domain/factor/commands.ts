import type { Cause, OtpAlgorithm, VaultRef } from '#libs/events/catalogue.js';

/** What every enrolment carries. */
interface Enrolment {
  readonly principal: string;
  readonly credential: string;
  /** What the owner calls it. */
  readonly name: string;
  /** Single use of the ticket that it began with. */
  readonly challenge: string;
}

export interface EnrolTotp extends Enrolment {
  readonly type: 'EnrolTotp';
  readonly seed: VaultRef;
  readonly algorithm: OtpAlgorithm;
  /** 6 or 8. */
  readonly digits: number;
  readonly periodSeconds: number;
  /** The step of the code that confirmed it: used up. */
  readonly firstStep: number;
}

export interface EnrolOtpChannel extends Enrolment {
  readonly type: 'EnrolOtpChannel';
  readonly channel: 'SMS' | 'EMAIL';
  readonly blindIndex: string;
  readonly address: VaultRef;
}

export interface RegisterPasskey extends Enrolment {
  readonly type: 'RegisterPasskey';
  readonly webauthnId: string;
  /** SHA-256 of the WebAuthn id. */
  readonly idSha256: string;
  /** COSE key, base64url. */
  readonly publicKey: string;
  readonly aaguid: string;
  readonly transports: readonly string[];
  readonly userVerified: boolean;
  readonly discoverable: boolean;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  readonly signCount: number;
}

/** New recovery codes; the ones before are dead. */
export interface GenerateRecoveryCodes {
  readonly type: 'GenerateRecoveryCodes';
  readonly principal: string;
  readonly credential: string;
  readonly count: number;
  /** HMACs of the codes, sealed. */
  readonly codes: VaultRef;
}

/** Burns one code; what it was for comes after. */
export interface ConsumeRecoveryCode {
  readonly type: 'ConsumeRecoveryCode';
  readonly principal: string;
  readonly generation: number;
  readonly index: number;
}

/** Removes one second factor. */
export interface RemoveFactor {
  readonly type: 'RemoveFactor';
  readonly principal: string;
  readonly credential: string;
  readonly cause: Cause;
}

/** Removes every second factor and the recovery codes, and kills everything issued before. */
export interface ResetFactors {
  readonly type: 'ResetFactors';
  readonly principal: string;
}

export type FactorCommand =
  | EnrolTotp
  | EnrolOtpChannel
  | RegisterPasskey
  | GenerateRecoveryCodes
  | ConsumeRecoveryCode
  | RemoveFactor
  | ResetFactors;
