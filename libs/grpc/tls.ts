import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import {
  ChannelCredentials,
  ServerCredentials,
  type CallCredentials,
  type ChannelOptions,
  type experimental,
} from '@grpc/grpc-js';
import { Failure } from '#libs/errors/failure.js';
import type { Logger } from '#libs/runtime/log.js';
import type { TlsPaths } from '#libs/runtime/tls-paths.js';
import { readPemFiles, watchPemFiles, type PemContents, type PemWatch } from './pem-files.js';

export interface ServerTlsFiles {
  /** PEM chain, the server's own certificate first. */
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM of the authorities that client certificates must come from; needed unless `none`. */
  readonly clientCaFile?: string;
  /** `optional`: one that does not verify counts as none; whoever needs it checks for it. */
  readonly clientCertificates: 'none' | 'optional' | 'required';
}

/** The configured paths, as `serverTls` takes them. */
export function serverTlsFiles(paths: TlsPaths): ServerTlsFiles {
  const { certFile, keyFile, caFile, clientCertificates } = paths;
  const own = { certFile, keyFile, clientCertificates };
  return caFile === undefined ? own : { ...own, clientCaFile: caFile };
}

export interface ClientTlsFiles {
  /** PEM of the authorities a server must come from; default: those of Node. */
  readonly caFile?: string;
  /** The client's own certificate, with `keyFile`. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface Reloading<Credentials> extends PemWatch {
  readonly credentials: Credentials;
}

type PemName = 'cert' | 'key' | 'ca';
type Target = Parameters<ChannelCredentials['_createSecureConnector']>[0];

const lookEveryMs = 10_000;
/** TLS 1.3 only (ASVS 12.1.1 would allow 1.2): its cipher suites are all good. */
const minVersion = 'TLSv1.3';
const handshakeTimeout = 10_000;

/**
 * TLS credentials whose files are looked at every 10 s. Connections stay; new ones get the new
 * certificate. Unusable files are logged and the old ones stay in use.
 *
 * @throws Failure MISCONFIGURED when the files cannot be used at the start.
 */
export async function serverTls(
  files: ServerTlsFiles,
  log: Logger,
): Promise<Reloading<ServerCredentials>> {
  const paths = serverPaths(files);
  const { contents, context } = await firstContext(paths);
  const credentials = new ReloadingServerCredentials(context, files.clientCertificates);
  const use = (next: PemContents<PemName>): void => credentials.use(checkedContext(next));
  return withWatch(credentials, watchPemFiles(paths, contents, use, log, lookEveryMs));
}

/** The same files for a server that is not of gRPC; `use` is called again when they have changed. */
export async function serverTlsContext(
  files: ServerTlsFiles,
  log: Logger,
  use: (context: SecureContextOptions) => void,
): Promise<PemWatch> {
  const paths = serverPaths(files);
  const { contents, context } = await firstContext(paths);
  use(context);
  const again = (next: PemContents<PemName>): void => use(checkedContext(next));
  return watchPemFiles(paths, contents, again, log, lookEveryMs);
}

/** The same for a channel: new connections get the new certificates. */
export async function clientTls(
  files: ClientTlsFiles,
  log: Logger,
): Promise<Reloading<ChannelCredentials>> {
  if ((files.certFile === undefined) !== (files.keyFile === undefined)) {
    throw new Failure('MISCONFIGURED', 'a client certificate and its key belong together');
  }
  const paths = { cert: files.certFile, key: files.keyFile, ca: files.caFile };
  const { contents, context } = await firstContext(paths);
  const credentials = new ReloadingChannelCredentials(context);
  const use = (next: PemContents<PemName>): void => credentials.use(checkedContext(next));
  return withWatch(credentials, watchPemFiles(paths, contents, use, log, lookEveryMs));
}

function serverPaths(files: ServerTlsFiles): Readonly<Record<PemName, string | undefined>> {
  const wantsClients = files.clientCertificates !== 'none';
  if (wantsClients && files.clientCaFile === undefined) {
    throw new Failure('MISCONFIGURED', 'client certificates need the file of their authority');
  }
  const ca = wantsClients ? files.clientCaFile : undefined;
  return { cert: files.certFile, key: files.keyFile, ca };
}

function withWatch<Credentials>(credentials: Credentials, watch: PemWatch): Reloading<Credentials> {
  return { credentials, reload: () => watch.reload(), close: () => watch.close() };
}

async function firstContext(
  paths: Readonly<Record<PemName, string | undefined>>,
): Promise<{ contents: PemContents<PemName>; context: SecureContextOptions }> {
  try {
    const contents = await readPemFiles(paths);
    return { contents, context: checkedContext(contents) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw new Failure('MISCONFIGURED', `TLS files cannot be used: ${why}`, { cause });
  }
}

/** Throws when certificate and key do not fit, or are not PEM: nothing half good gets in use. */
function checkedContext({ cert, key, ca }: PemContents<PemName>): SecureContextOptions {
  if (ca !== undefined) checkAuthorities(ca);
  const context: SecureContextOptions = {
    minVersion,
    ...(cert === undefined ? {} : { cert: [cert] }),
    ...(key === undefined ? {} : { key: [key] }),
    ...(ca === undefined ? {} : { ca: [ca] }),
  };
  createSecureContext(context);
  return context;
}

/** Node takes a file without any certificate for an empty list, and then trusts nobody. */
function checkAuthorities(ca: Buffer): void {
  const blocks = ca
    .toString('latin1')
    .match(/-----BEGIN CERTIFICATE-----[^-]+-----END [A-Z]+-----/g);
  if (blocks === null) throw new Error('the file of the authority holds no certificate');
  for (const block of blocks) {
    if (!new X509Certificate(block).ca) throw new Error('a certificate is not of an authority');
  }
}

/** grpc-js hands every new context on to the listeners that were made with these credentials. */
class ReloadingServerCredentials extends ServerCredentials {
  constructor(
    context: SecureContextOptions,
    clientCertificates: ServerTlsFiles['clientCertificates'],
  ) {
    const requestCert = clientCertificates !== 'none';
    const rejectUnauthorized = clientCertificates === 'required';
    super({ requestCert, rejectUnauthorized, minVersion, handshakeTimeout }, context);
  }

  use(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/** Every connection is made with the newest context. */
class ReloadingChannelCredentials extends ChannelCredentials {
  #current: ChannelCredentials;

  constructor(context: SecureContextOptions) {
    super();
    this.#current = ChannelCredentials.createFromSecureContext(createSecureContext(context));
  }

  use(context: SecureContextOptions): void {
    this.#current = ChannelCredentials.createFromSecureContext(createSecureContext(context));
  }

  _isSecure(): boolean {
    return true;
  }

  _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  _createSecureConnector(
    target: Target,
    options: ChannelOptions,
    callCredentials?: CallCredentials,
  ): experimental.SecureConnector {
    const now = (): experimental.SecureConnector =>
      this.#current._createSecureConnector(target, options, callCredentials);
    const first = now();
    return {
      connect: (socket) => now().connect(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => first.getCallCredentials(),
      destroy: () => first.destroy(),
    };
  }
}
