import { credentials, type ChannelCredentials } from '@grpc/grpc-js';

/** Certificates in PEM. */
export interface TlsOptions {
  /** Authorities to trust instead of the system's. */
  readonly ca?: Buffer | string | undefined;
  /** Client certificate and its key (mutual TLS): both or neither. */
  readonly cert?: Buffer | string | undefined;
  readonly key?: Buffer | string | undefined;
  /** Name that the certificate must carry, when it is not the host of the address. */
  readonly serverName?: string | undefined;
}

/** `'plaintext'` sends the credential unprotected: only where the network itself is protected. */
export type Tls = TlsOptions | 'plaintext';

const loopback =
  /^(?:dns:\/*|ipv4:|ipv6:)?(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)(?::\d+)?$/i;

/** Whether what is sent to this gRPC target stays on this machine. */
export function isLocal(address: string): boolean {
  return address.startsWith('unix:') || loopback.test(address);
}

const bytes = (pem: Buffer | string | undefined): Buffer | null =>
  pem === undefined ? null : Buffer.from(pem);

/** Without `tls`: plaintext on the loopback interface, TLS with the system's authorities elsewhere. */
export function channelCredentials(address: string, tls: Tls | undefined): ChannelCredentials {
  if (tls === 'plaintext' || (tls === undefined && isLocal(address))) {
    return credentials.createInsecure();
  }
  return credentials.createSsl(bytes(tls?.ca), bytes(tls?.key), bytes(tls?.cert));
}
