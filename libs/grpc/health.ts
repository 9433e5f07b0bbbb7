import type { Server } from '@grpc/grpc-js';

/** grpc.health.v1: Check, List and Watch. The empty name is the server as a whole. */
export class Health {
  /** Registers the service on a server. Every name starts NOT_SERVING. */
  constructor(_server: Server, _services: readonly string[]) {}
  /** Sets one service, or all (and the whole) without a name. */
  set(_serving: boolean, _service?: string): void {}
  /** All NOT_SERVING for good, watches ended: `set` does nothing any more. */
  close(): void {}
}
