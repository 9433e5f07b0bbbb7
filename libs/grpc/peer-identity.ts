/** Who a verified client certificate says that the peer is. */
export interface PeerIdentity {
  /** SHA-256 of the DER certificate, base64url (`x5t#S256`, RFC 8705 section 3.1). */
  readonly thumbprint: string;
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
}

interface WithAuthContext {
  getAuthContext(): { sslPeerCertificate?: { raw: Buffer } | undefined };
}

/** Undefined without TLS, without a certificate, or with one that did not verify. */
export function peerIdentityOf(_call: WithAuthContext): PeerIdentity | undefined {
  throw new Error('being written');
}
