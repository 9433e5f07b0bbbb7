import type { Server, ServerCredentials } from '@grpc/grpc-js';

/** Limits of a server; every one has a default (see `defaultLimits`). */
export interface ServerLimits {
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly maxMetadataBytes: number;
  readonly maxStreamsPerConnection: number;
  readonly maxConnections: number;
  /** A request that is not complete after this (and at most twice this) is cut, ms. */
  readonly requestTimeoutMs: number;
  readonly connectionAgeMs: number;
  readonly connectionAgeGraceMs: number;
  readonly connectionIdleMs: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  /** What one connection may hold in the HTTP/2 layer, MB. */
  readonly sessionMemoryMb: number;
}

/** A grpc-js server with every limit set. Add services, then `listen`. */
export function createServer(_limits: Partial<ServerLimits> = {}): Server {
  throw new Error('being written');
}

export interface ListenOptions {
  /** `host:port`; port 0: any free one. */
  readonly address: string;
  /** Undefined: plaintext. */
  readonly credentials: ServerCredentials | undefined;
  /** Plaintext on an address that is not loopback. */
  readonly allowPlaintext: boolean;
}

/** Binds and answers the port. @throws Failure MISCONFIGURED: plaintext, or the address is taken. */
export function listen(_server: Server, _options: ListenOptions): Promise<number> {
  throw new Error('being written');
}
