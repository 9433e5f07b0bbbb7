import type { handleUnaryCall, Metadata } from '@grpc/grpc-js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Ids } from '#libs/runtime/ids.js';
import type { Logger } from '#libs/runtime/log.js';
import type { PeerIdentity } from './peer-identity.js';
import type { CallMetrics } from './call-metrics.js';

/** What a handler knows of its call. */
export interface CallContext {
  /** `/package.Service/Method`. */
  readonly method: string;
  /** The caller's `x-request-id` when it is well formed, else a new one. */
  readonly requestId: string;
  /** Aborted when the caller cancels or its deadline passes. */
  readonly signal: AbortSignal;
  /** Milliseconds until the caller's deadline; Infinity without one. */
  remainingMs(): number;
  readonly metadata: Metadata;
  /** Address of the peer without its port. */
  readonly peerAddress: string;
  readonly certificate: PeerIdentity | undefined;
  /** Logs with the request id and the method. */
  readonly log: Logger;
}

export interface UnaryWiring {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly metrics: CallMetrics;
}

/** A grpc-js handler from an async function: whatever it throws goes through `statusOf`. */
export function unary<Request, Response>(
  _wiring: UnaryWiring,
  _handle: (request: Request, context: CallContext) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  throw new Error('being written');
}
