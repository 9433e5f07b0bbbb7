import type { Server } from '@grpc/grpc-js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Health } from './health.js';

export interface DrainOptions {
  readonly server: Server;
  readonly health: Health;
  readonly clock: Clock;
  /** Wait between NOT_SERVING and refusing connections, for balancers to notice, ms. */
  readonly noticeMs: number;
  /** Running calls get this long, then they are cut, ms. */
  readonly graceMs: number;
}

/** Stops serving without losing calls; true when nothing had to be cut. */
export function drain(_options: DrainOptions): Promise<boolean> {
  throw new Error('being written');
}
