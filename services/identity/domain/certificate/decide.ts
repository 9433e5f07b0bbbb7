import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import { accept, futureProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import { livePrincipal } from '#services/identity/domain/principal/state.js';
import type { BindCertificate, CertificateCommand } from './commands.js';
import { certificateId, certificates, certificatesOf, mostCertificates } from './state.js';

/** SHA-256 in base64url. */
const sha256 = /^[A-Za-z0-9_-]{43}$/;
/** SPIFFE-ID, section 2: a trust domain in lower case, and a path. */
const spiffe = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/[A-Za-z0-9._-]+)+$/;
const longest = 2_048;

export function decideCertificate(
  command: CertificateCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  if (command.type === 'BindCertificate') return bind(command, view, facts);
  const { credential, cause } = command;
  const document = credentials.read(view, facts.tenant, credential);
  if (document?.certificate === undefined || document.status === 'REVOKED') {
    return reject('NOT_FOUND', 'no such certificate');
  }
  const { principal } = document;
  return accept({ type: 'CredentialRemoved', principal, credential, kind: 'CERTIFICATE', cause });
}

function bind(command: BindCertificate, view: DocumentReader, facts: Facts): Decision {
  const { tenant, nowMs } = facts;
  const { principal, credential, name, kind, identity, expiresAtMs } = command;
  const refused = refuseFields(
    ['name', freeTextProblem(name, 1, 64)],
    ['identity', certificateProblem(kind, identity)],
    ['expires_at_ms', futureProblem(expiresAtMs, nowMs)],
  );
  if (refused !== undefined) return refused;
  if (livePrincipal(view, tenant, principal) === undefined) {
    return reject('NOT_FOUND', 'no such principal');
  }
  if (credentials.read(view, tenant, credential) !== undefined) {
    return reject('ALREADY_EXISTS', 'the credential exists');
  }
  const bound = certificates.read(view, tenant, certificateId(kind, identity));
  if (bound !== undefined && isLive(view, tenant, bound.credential)) {
    return reject('NAME_TAKEN', 'the certificate is bound already');
  }
  const held = certificatesOf.read(view, tenant, principal)?.credentials ?? [];
  if (held.length >= mostCertificates) {
    return reject('LIMIT_REACHED', `a principal has at most ${mostCertificates} certificates`);
  }
  const certificate = { principal, credential, name, kind, identity, expiresAtMs };
  return accept({ type: 'CertificateBound', ...certificate });
}

/** Of a removed certificate, or a deleted principal, the name is free again. */
function isLive(view: DocumentReader, tenant: string, credential: string): boolean {
  const document = credentials.read(view, tenant, credential);
  if (document === undefined || document.status === 'REVOKED') return false;
  return livePrincipal(view, tenant, document.principal) !== undefined;
}

/** What is wrong with the identity of a certificate, or nothing. */
export function certificateProblem(
  kind: BindCertificate['kind'],
  identity: string,
): string | undefined {
  if (kind === 'SPKI') {
    return sha256.test(identity) ? undefined : 'must be a SHA-256 in base64url (43 characters)';
  }
  if (identity.length > longest || !spiffe.test(identity)) {
    return 'must be a SPIFFE id like "spiffe://example.org/service"';
  }
  const dots = identity.split('/').some((part) => part === '.' || part === '..');
  return dots ? 'must have no "." or ".." in its path' : undefined;
}
