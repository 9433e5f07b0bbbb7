import { isIPv4 } from 'node:net';
import { Server, ServerCredentials, type ServerInterceptor } from '@grpc/grpc-js';
import { Failure } from '#libs/errors/failure.js';
import { guardConnections } from './connection-guard.js';

/** Limits of a server; every one has a default (see `defaultLimits`). */
export interface ServerLimits {
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  /** All metadata of a call together, with 32 bytes for each entry (RFC 9113 section 6.5.2). */
  readonly maxMetadataBytes: number;
  readonly maxStreamsPerConnection: number;
  readonly maxConnections: number;
  /** A request that is not complete, or an answer not taken, after this (at most twice this), ms. */
  readonly stuckCallMs: number;
  readonly connectionAgeMs: number;
  readonly connectionAgeGraceMs: number;
  /** A connection without a call for this long is closed (noticed within `stuckCallMs`). */
  readonly connectionIdleMs: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  /** What one connection may hold in the HTTP/2 layer, MB. */
  readonly sessionMemoryMb: number;
}

export const defaultLimits: ServerLimits = {
  maxReceiveBytes: 1 << 20,
  maxSendBytes: 4 << 20,
  maxMetadataBytes: 16 << 10,
  maxStreamsPerConnection: 128,
  maxConnections: 4096,
  stuckCallMs: 10_000,
  connectionAgeMs: 30 * 60_000,
  connectionAgeGraceMs: 30_000,
  connectionIdleMs: 5 * 60_000,
  keepaliveTimeMs: 60_000,
  keepaliveTimeoutMs: 10_000,
  sessionMemoryMb: 32,
};

/** Limits that `listen` puts on each listener; kept here because grpc-js has no options for them. */
const limitsOf = new WeakMap<Server, ServerLimits>();

/** A grpc-js server with every limit set: its own defaults are unlimited. Add services, `listen`. */
export function createServer(
  limits: Partial<ServerLimits> = {},
  interceptors: ServerInterceptor[] = [],
): Server {
  const all: ServerLimits = { ...defaultLimits, ...limits };
  const server = new Server({
    'grpc.max_receive_message_length': all.maxReceiveBytes,
    'grpc.max_send_message_length': all.maxSendBytes,
    'grpc.max_concurrent_streams': all.maxStreamsPerConnection,
    'grpc.max_connection_age_ms': all.connectionAgeMs,
    'grpc.max_connection_age_grace_ms': all.connectionAgeGraceMs,
    'grpc.keepalive_time_ms': all.keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': all.keepaliveTimeoutMs,
    'grpc-node.max_session_memory': all.sessionMemoryMb,
    'grpc.enable_channelz': 0,
    interceptors,
  });
  limitsOf.set(server, all);
  setHttp2Limits(server, all);
  return server;
}

export interface ListenOptions {
  /** `host:port`; port 0: any free one. */
  readonly address: string;
  /** Undefined: plaintext. */
  readonly credentials: ServerCredentials | undefined;
  /** Plaintext on an address that is not loopback. */
  readonly allowPlaintext: boolean;
}

/**
 * Binds and answers the port.
 *
 * @throws Failure MISCONFIGURED: plaintext beyond loopback, or the address cannot be bound.
 */
export async function listen(server: Server, options: ListenOptions): Promise<number> {
  const { address, credentials, allowPlaintext } = options;
  if (credentials === undefined && !allowPlaintext && !isLoopback(address)) {
    throw new Failure(
      'MISCONFIGURED',
      `refusing to listen in plaintext on ${address}: configure TLS or allow plaintext`,
    );
  }
  const port = await bind(server, address, credentials ?? ServerCredentials.createInsecure());
  guardConnections(server, limitsOf.get(server) ?? defaultLimits);
  return port;
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    const bound = (error: Error | null, port: number): void => {
      if (error !== null) {
        const text = `cannot listen on ${address}: ${error.message}`;
        return reject(new Failure('MISCONFIGURED', text, { cause: error }));
      }
      resolve(port);
    };
    server.bindAsync(address, credentials, bound);
  });
}

/** True only for what certainly stays on this machine: names are not resolved, but `localhost`. */
export function isLoopback(address: string): boolean {
  if (address.startsWith('unix:')) return true;
  const host = /^(?:dns:\/\/\/)?(?:\[([^\]]*)\]|([^:]*)):\d+$/.exec(address);
  const name = host?.[1] ?? host?.[2] ?? '';
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/**
 * The metadata limit exists in HTTP/2 (SETTINGS_MAX_HEADER_LIST_SIZE, which Node enforces) but not
 * among the options of grpc-js: it goes into the options that grpc-js keeps for Node.
 */
function setHttp2Limits(server: Server, limits: ServerLimits): void {
  const options: unknown = Reflect.get(server, 'commonServerOptions');
  if (typeof options !== 'object' || options === null || !('settings' in options)) {
    throw new Failure('MISCONFIGURED', 'this version of grpc-js hides its HTTP/2 options');
  }
  Object.assign(options, {
    settings: {
      maxConcurrentStreams: limits.maxStreamsPerConnection,
      maxHeaderListSize: limits.maxMetadataBytes,
    },
    maxHeaderListPairs: 100,
    maxSettings: 16,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    unknownProtocolTimeout: limits.keepaliveTimeoutMs,
  });
}
