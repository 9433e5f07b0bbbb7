import type { Missing, RoleRef } from '#libs/access/evaluate/grant-path.js';

import type { ExplainedPath, Ruled } from './explained.js';
import type { RecordedEvent } from './recorded-events.js';

export interface Summarised {
  readonly answer: Ruled;
  readonly action: { readonly action: string; readonly resource: string };
  readonly paths: readonly ExplainedPath[];
  readonly events: readonly RecordedEvent[];
  /** Roles that would allow it. */
  readonly roles: readonly RoleRef[];
}

/** One sentence that says what was decided, and why. */
export function summaryOf(one: Summarised): string {
  const { answer, action } = one;
  const asked = `${action.action} on ${action.resource === '' ? 'the root' : action.resource}`;
  if (answer.outcome === 'ALLOW') return `Allowed: ${asked}, ${byPath(one.paths)}.`;
  if (answer.reason !== 'NO_GRANT') return `Denied: ${asked}; ${because(one)}.`;
  const [nearest] = one.paths;
  if (nearest !== undefined) return `Denied: ${asked}; ${nearly(nearest)}.`;
  const names = one.roles.slice(0, 3).map(({ name }) => `"${name}"`);
  const hint = names.length === 0 ? '' : ` (a grant of ${names.join(' or ')} would)`;
  return `Denied: ${asked}; no grant allows it${hint}.`;
}

function byPath([path, ...others]: readonly ExplainedPath[]): string {
  if (path === undefined) return 'by a grant';
  const more = others.length === 0 ? '' : ` and by ${others.length} more`;
  const until = Number.isFinite(path.expiresAtMs)
    ? ` until ${new Date(path.expiresAtMs).toISOString()}`
    : '';
  return `by ${describe(path)}${until}${more}`;
}

function describe({ roleChain, group, resourcePrefix }: ExplainedPath): string {
  const [granted, ...inherited] = roleChain.map(({ name }) => `"${name}"`);
  const through = inherited.length === 0 ? '' : ` (which inherits ${inherited.join(', ')})`;
  const where = resourcePrefix === '' ? 'everything' : resourcePrefix;
  const by = group === undefined ? '' : ` by the group "${group.name}"`;
  return `the role ${granted ?? ''}${through} on ${where}${by}`;
}

const lacks = {
  NOTHING: 'would allow it',
  EXPIRED: 'has expired',
  REVOKED: 'was revoked',
  MEMBERSHIP_REMOVED: 'no longer applies: the membership was removed',
  OTHER_RESOURCE: 'covers another resource',
  ROLE_LACKS_PERMISSION: 'does not hold the permission',
} as const satisfies Record<Missing, string>;

function nearly(path: ExplainedPath): string {
  const { missing } = path;
  const last = path.events.at(-1);
  const when = missing === 'REVOKED' || missing === 'MEMBERSHIP_REMOVED' ? who(last) : '';
  return `the nearest grant, ${describe(path)}, ${lacks[missing]}${when}`;
}

function because({ answer, events }: Summarised): string {
  const reason = answer.reason.toLowerCase().replaceAll('_', ' ');
  return `${reason}${who(events.at(-1))}`;
}

function who(event: RecordedEvent | undefined): string {
  if (event === undefined) return '';
  const { actor, atMs, reason, position, ledger } = event;
  const by = actor.principal === '' ? 'the system' : actor.principal;
  const why = reason === '' ? '' : ` ("${reason}")`;
  const where = ledger === undefined ? '' : ` of ledger ${ledger}`;
  return ` (position ${position}${where}, ${new Date(atMs).toISOString()}, by ${by})${why}`;
}
