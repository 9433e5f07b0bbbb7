import type { Server } from '@grpc/grpc-js';

/** grpc.reflection.v1 and v1alpha for these services (full names). Development only. */
export function addReflection(_server: Server, _services: readonly string[]): void {
  throw new Error('being written');
}
