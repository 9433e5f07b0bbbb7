import type { HeldPermission } from '#libs/access/evaluate/list-permissions.js';
import { covers } from '#libs/access/resource.js';
import { Holdings } from './holdings.js';
import type { Moment } from './moment.js';
import { SmallestTexts, type Part } from './smallest-texts.js';
import { rowsOf } from './who-can.js';

/**
 * `GAINED`: held at the later moment on a prefix that no prefix of the earlier one covered.
 * `LOST`: held at the earlier moment on a prefix that no prefix of the later one covers.
 */
export interface AccessChange {
  readonly kind: 'GAINED' | 'LOST';
  readonly principal: string;
  readonly permission: string;
  readonly resourcePrefix: string;
}

export interface AccessChanges {
  /** By principal, permission and prefix. */
  readonly changes: readonly AccessChange[];
  readonly more: boolean;
  /** Principals of whom it cannot be told (quarantine). */
  readonly undecided: number;
}

/** What changed in access between two moments: in a tenant, or for one principal of it. */
export async function accessChanges(
  from: Moment,
  to: Moment,
  about: { readonly tenant: string; readonly principal: string | undefined },
  part: Part,
): Promise<AccessChanges> {
  const before = new Holdings(from, about.tenant);
  const after = new Holdings(to, about.tenant);
  const found = new SmallestTexts(part);
  let undecided = 0;
  for await (const principal of principalsOf(from, to, about)) {
    const [had, has] = [before.of(principal), after.of(principal)];
    if (had === undefined || has === undefined) undecided += 1;
    else for (const change of changesOf(principal, had, has)) found.offer(textOf(change));
  }
  return { changes: found.taken.map(changeOf), more: found.more, undecided };
}

/** Where a part of the list ends. */
export function textOf({ principal, permission, resourcePrefix, kind }: AccessChange): string {
  return [principal, permission, resourcePrefix, kind].join('\u0000');
}

function changeOf(text: string): AccessChange {
  const [principal = '', permission = '', resourcePrefix = '', kind] = text.split('\u0000');
  return { kind: kind === 'LOST' ? 'LOST' : 'GAINED', principal, permission, resourcePrefix };
}

async function* principalsOf(
  from: Moment,
  to: Moment,
  { tenant, principal }: { readonly tenant: string; readonly principal: string | undefined },
): AsyncGenerator<string> {
  if (principal !== undefined) {
    yield principal;
    return;
  }
  for await (const row of rowsOf(to.view, tenant)) yield to.view.principals.idOf(row);
  // One who is only in the earlier state: names of rows that the later one does not keep.
  for await (const row of rowsOf(from.view, tenant)) {
    const id = from.view.principals.idOf(row);
    if (to.view.principalRow(tenant, id) < 0) yield id;
  }
}

function changesOf(
  principal: string,
  had: readonly HeldPermission[],
  has: readonly HeldPermission[],
): AccessChange[] {
  if (had === has) return [];
  return [
    ...missing(had, has).map((one) => ({ kind: 'LOST', principal, ...one }) as const),
    ...missing(has, had).map((one) => ({ kind: 'GAINED', principal, ...one }) as const),
  ];
}

/** What of `held` no prefix of `other` covers. */
function missing(held: readonly HeldPermission[], other: readonly HeldPermission[]) {
  const prefixes = new Map(other.map((one) => [one.permission, one.resourcePrefixes]));
  return held.flatMap(({ permission, resourcePrefixes }) => {
    const there = prefixes.get(permission) ?? [];
    return resourcePrefixes
      .filter((prefix) => !there.some((wider) => covers(wider, prefix)))
      .map((resourcePrefix) => ({ permission, resourcePrefix }));
  });
}
