import { AccessView } from '#libs/access/projection/access-view.js';
import { keyHash } from '#libs/events/keys.js';

import type { Recorded } from './naive-oracle.js';

export function fold(history: readonly Recorded[]): AccessView {
  const view = new AccessView(keyHash);
  for (const each of history) applyTo(view, each);
  return view;
}

export function applyTo(view: AccessView, { tenant, position, event }: Recorded): void {
  const actor = { tenant, principal: '' };
  view.apply(event, { tenant, actor, position, atMs: 0, reason: '' });
}
