import { describe, expect, it } from 'vitest';

import { explain } from '#libs/access/evaluate/explain.js';
import { roleNames } from '#libs/access/evaluate/list-permissions.js';

import { given, group, groupGrant, member, permission, principal, role, tenant } from './given.js';

const groups = Array.from({ length: 60 }, (_, at) => `g${at}`);
const places = Array.from({ length: 100 }, (_, at) => `a/${at}`);

/** Alice, with six thousand grants by groups; `searches` counts walks through what a role holds. */
function crowd() {
  const view = given(
    tenant,
    permission('orders:read'),
    permission('orders:write'),
    role('base', ['invoices:*']),
    role('reader', ['orders:read'], ['base']),
    principal('alice'),
    ...groups.flatMap((id) => [group(id), member(id, 'alice')]),
    ...groups.flatMap((id) => places.map((place) => groupGrant(id, 'reader', place))),
    ...groups.map((id) => groupGrant(id, 'reader', '')),
  );
  const count = { searches: 0 };
  const reader = view.roles.find(({ id }) => id === 'reader');
  if (reader === undefined) throw new Error('there is no such role');
  const { patterns } = reader;
  const plain = patterns[Symbol.iterator].bind(patterns);
  patterns[Symbol.iterator] = () => {
    count.searches += 1;
    return plain();
  };
  const ask = (action: string, resource: string) =>
    explain(view, { tenant: 't', principal: 'alice', action, resource, nowMs: 0 });
  return { view, count, ask };
}

describe('a principal with thousands of grants', () => {
  it('is explained by at most a hundred of them, and only those are searched', () => {
    const { count, ask } = crowd();
    const few = ask('orders:read', 'b');
    expect(few.paths).toHaveLength(60);
    expect(few.paths.every(({ resourcePrefix }) => resourcePrefix === '')).toBe(true);
    const more = ask('orders:read', 'a/7');
    expect(more.paths.map(({ missing }) => missing)).toEqual(Array(100).fill('NOTHING'));
    expect(count.searches).toBe(160);
  });

  it('of what nearly allows, only the nearest are searched', () => {
    const { count, ask } = crowd();
    const { reason, paths } = ask('orders:write', 'a/7/x');
    expect(reason).toBe('NO_GRANT');
    expect(paths).toHaveLength(10);
    expect(paths.every(({ resourcePrefix }) => resourcePrefix === 'a/7')).toBe(true);
    expect(count.searches).toBe(10);
  });

  it('has each role named once', () => {
    const { view } = crowd();
    expect(roleNames(view, view.principalRow('t', 'alice'), 0)).toEqual(['reader']);
  });
});
