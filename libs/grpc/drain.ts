import type { Server } from '@grpc/grpc-js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import { cutConnections } from './connection-guard.js';
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
export async function drain(options: DrainOptions): Promise<boolean> {
  const { server, health, clock, noticeMs, graceMs } = options;
  health.set(false);
  if (noticeMs > 0) await sleep(clock, noticeMs);
  health.close();
  const clean = await new Promise<boolean>((resolve) => {
    const cancel = clock.after(graceMs, () => resolve(false));
    server.tryShutdown(() => {
      cancel();
      resolve(true);
    });
  });
  if (!clean) stopNow(server);
  return clean;
}

/** Stops without waiting for anything: running calls are cut. */
export function stopNow(server: Server): void {
  server.forceShutdown();
  cutConnections(server);
}
