import { check } from '#libs/access/evaluate/check.js';
import { unlimited } from '#libs/access/projection/api-key.js';

import { benchTenant, buildAccessWorld } from './access-world.js';
import { liveBytes } from './collect-garbage.js';

export interface BytesMeasured {
  readonly name: 'projection_bytes_per_principal';
  /** Live bytes (heap and array buffers) a principal, everything else of the tenant included. */
  readonly value: number;
  readonly unit: 'B';
  readonly principals: number;
}

/**
 * Memory of a view with that many principals (password, 3 grants each, 8,000 distinct sets), after
 * every principal was asked about once, so that whatever is compiled on the way counts too.
 */
export function projectionBytes(principals: number): BytesMeasured {
  const before = liveBytes();
  const world = buildAccessWorld(principals);
  for (let i = 0; i < principals; i++) {
    const { principal, action, resource } = world.allowed(i, i % 3);
    const row = world.view.principalRow(benchTenant, principal);
    check(world.view, row, action, resource, 0, unlimited);
  }
  const bytes = liveBytes() - before;
  const value = bytes / world.view.principals.length;
  return { name: 'projection_bytes_per_principal', value, unit: 'B', principals };
}
