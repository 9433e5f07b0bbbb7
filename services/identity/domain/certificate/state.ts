import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import type { CertificateKind, DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { credentialNames, credentials } from '#services/identity/domain/api-key/state.js';

export interface CertificateFacts {
  readonly kind: CertificateKind;
  readonly identity: string;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number;
}

/** Key or workload → credential. */
export const certificates = new DocumentKind<{ readonly credential: string }>('cert');
/** Certificates of a principal that were not removed. */
export const certificatesOf = new DocumentKind<{ readonly credentials: readonly string[] }>(
  'certs-of',
);

export const mostCertificates = 20;

/** Kinds hold no comma. */
export function certificateId(kind: CertificateKind, identity: string): string {
  return `${kind},${identity}`;
}

/** Whom a certificate authenticates at this time. */
export function certificateOwner(
  view: DocumentReader,
  tenant: string,
  { kind, identity }: Pick<CertificateFacts, 'kind' | 'identity'>,
  nowMs: number,
): { readonly principal: string; readonly credential: string } | undefined {
  const bound = certificates.read(view, tenant, certificateId(kind, identity));
  if (bound === undefined) return undefined;
  const { credential } = bound;
  const document = credentials.read(view, tenant, credential);
  if (document?.status !== 'ACTIVE' || document.certificate === undefined) return undefined;
  if ((document.certificate.expiresAtMs ?? Infinity) <= nowMs) return undefined;
  return { principal: document.principal, credential };
}

type CertificateEvent = Extract<DomainEvent, { type: 'CertificateBound' | 'CredentialRemoved' }>;

export function evolveCertificate(
  event: CertificateEvent,
  to: DocumentWriter,
  { tenant, atMs: createdAtMs }: EventContext,
): void {
  const { principal, credential } = event;
  const held = certificatesOf.read(to, tenant, principal)?.credentials ?? [];
  if (event.type === 'CredentialRemoved') {
    credentials.change(to, tenant, credential, (it) => ({ ...it, status: 'REVOKED' }));
    const others = held.filter((id) => id !== credential);
    return certificatesOf.put(to, tenant, principal, { credentials: others });
  }
  const { name, kind, identity, expiresAtMs } = event;
  const until = expiresAtMs === undefined ? {} : { expiresAtMs };
  const certificate = { kind, identity, createdAtMs, ...until };
  const document = { kind: 'CERTIFICATE', principal, status: 'ACTIVE', certificate } as const;
  credentials.put(to, tenant, credential, document);
  credentialNames.put(to, tenant, credential, { name });
  certificates.put(to, tenant, certificateId(kind, identity), { credential });
  certificatesOf.put(to, tenant, principal, { credentials: [...held, credential] });
}
