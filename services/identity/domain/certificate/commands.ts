import type { Cause, CertificateKind } from '#libs/events/catalogue.js';

export interface BindCertificate {
  readonly type: 'BindCertificate';
  readonly principal: string;
  readonly credential: string;
  readonly name: string;
  readonly kind: CertificateKind;
  /** SHA-256 of the SubjectPublicKeyInfo (base64url), or a SPIFFE id. */
  readonly identity: string;
  readonly expiresAtMs?: number | undefined;
}
export interface RemoveCertificate {
  readonly type: 'RemoveCertificate';
  readonly credential: string;
  readonly cause: Cause;
}

export type CertificateCommand = BindCertificate | RemoveCertificate;
