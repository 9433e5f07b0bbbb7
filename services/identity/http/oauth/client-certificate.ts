import { hash, type X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** The certificate that the connection's other end has shown; verified or not. */
export function peerCertificate(request: IncomingMessage): X509Certificate | undefined {
  const socket = request.socket as Partial<TLSSocket>;
  return socket.getPeerX509Certificate?.();
}

/** Whether an authority that this server trusts for clients has signed it. */
export function isAuthorized(request: IncomingMessage): boolean {
  return (request.socket as Partial<TLSSocket>).authorized === true;
}

/** SHA-256 of the public key (RFC 7469, section 2.4) as certificates are bound by it. */
export function spkiSha256(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return hash('sha256', spki, 'base64url');
}

/** URIs among its names: SPIFFE ids are such. */
export function uriNames(certificate: X509Certificate): readonly string[] {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return names.filter((name) => name.startsWith('URI:')).map((name) => name.slice('URI:'.length));
}
