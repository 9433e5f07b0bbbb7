import { hash } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';

/** Who a verified client certificate says that the peer is. */
export interface PeerIdentity {
  /** SHA-256 of the DER certificate, base64url (`x5t#S256`, RFC 8705 section 3.1). */
  readonly thumbprint: string;
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
}

interface WithAuthContext {
  getAuthContext(): { sslPeerCertificate?: PeerCertificate | undefined };
}

/** Undefined without TLS, without a certificate, or with one that did not verify. */
export function peerIdentityOf(call: WithAuthContext): PeerIdentity | undefined {
  const certificate = call.getAuthContext().sslPeerCertificate;
  if (certificate === undefined) return undefined;
  const names = alternativeNames(certificate.subjectaltname);
  return {
    thumbprint: hash('sha256', certificate.raw, 'base64url'),
    commonName: commonNameOf(certificate),
    dnsNames: names.filter(([kind]) => kind === 'DNS').map(([, name]) => name),
    uris: names.filter(([kind]) => kind === 'URI').map(([, name]) => name),
  };
}

/** Several common names are as good as none: which one is meant cannot be told. */
function commonNameOf(certificate: PeerCertificate): string {
  const name: unknown = certificate.subject.CN;
  return typeof name === 'string' ? name : '';
}

/**
 * Node writes `DNS:a, URI:b` and quotes (as JSON) every name that holds a character which could be
 * taken for a separator (CVE-2021-44532). A quoted name is left out: no name of ours needs one.
 */
function alternativeNames(text: string | undefined): [kind: string, name: string][] {
  if (text === undefined || text.includes('"')) return [];
  return text.split(', ').map((entry) => {
    const colon = entry.indexOf(':');
    return [entry.slice(0, colon), entry.slice(colon + 1)];
  });
}
