import type { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import type { Logger } from '#libs/runtime/log.js';

export interface ServerTlsFiles {
  /** PEM chain, the server's own certificate first. */
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM of the authorities that client certificates must come from; needed unless `none`. */
  readonly clientCaFile?: string;
  readonly clientCertificates: 'none' | 'optional' | 'required';
}

export interface ClientTlsFiles {
  /** PEM of the authorities a server must come from; default: those of Node. */
  readonly caFile?: string;
  /** The client's own certificate, with `keyFile`. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Name the server's certificate must carry, when it is not the host of the address. */
  readonly serverName?: string;
}

export interface Reloading<Credentials> {
  readonly credentials: Credentials;
  /** Looks at the files now; true when they had changed and the new ones are in use. */
  reload(): Promise<boolean>;
  /** Stops watching the files. */
  close(): void;
}

/**
 * TLS 1.3 credentials whose files are looked at every 10 s. Connections stay; new ones get the new
 * certificate. Unusable files are logged and the old ones stay in use.
 *
 * @throws Failure MISCONFIGURED when the files cannot be used at the start.
 */
export function serverTls(
  _files: ServerTlsFiles,
  _log: Logger,
): Promise<Reloading<ServerCredentials>> {
  throw new Error('being written');
}

/** The same for a channel. */
export function clientTls(
  _files: ClientTlsFiles,
  _log: Logger,
): Promise<Reloading<ChannelCredentials>> {
  throw new Error('being written');
}
