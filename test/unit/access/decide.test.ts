import { describe, expect, it } from 'vitest';

import { decide } from '#libs/access/evaluate/decide.js';
import type { AccessView } from '#libs/access/projection/access-view.js';

import {
  andThen,
  given,
  grant,
  group,
  groupGrant,
  member,
  permission,
  principal,
  revoke,
  role,
  tenant,
} from './given.js';

const read = 'orders:read';
const orders = [tenant, permission(read), permission('orders:write'), role('reader', [read])];

function ask(view: AccessView, resource: string, nowMs = 1000, action = read, who = 'alice') {
  return decide(view, { tenant: 't', principal: who, action, resource, nowMs });
}

describe('decide', () => {
  it('allows what a grant covers, segment by segment', () => {
    const view = given(...orders, principal('alice'), grant('alice', 'reader', 'projects/acme'));
    expect(ask(view, 'projects/acme').reason).toBe('ALLOWED');
    expect(ask(view, 'projects/acme/orders/17').reason).toBe('ALLOWED');
    expect(ask(view, 'projects/acme2').reason).toBe('NO_GRANT');
    expect(ask(view, 'projects').reason).toBe('NO_GRANT');
    expect(ask(view, '').reason).toBe('NO_GRANT');
  });

  it('takes a UUID and any other id, in exactly the spelling of the event', () => {
    const id = '01936f5e-8a3b-7cde-9f01-23456789abcd';
    const view = given(...orders, principal(id), grant(id, 'reader'));
    expect(ask(view, 'a', 0, read, id).reason).toBe('ALLOWED');
    expect(ask(view, 'a', 0, read, id.toUpperCase()).reason).toBe('PRINCIPAL_UNKNOWN');
    expect(ask(view, 'a', 0, read, id.replaceAll('-', '')).reason).toBe('PRINCIPAL_UNKNOWN');
  });

  it('stands until the last of the grants that allow it expires', () => {
    const view = given(
      ...orders,
      principal('alice'),
      grant('alice', 'reader', '', 2000),
      grant('alice', 'reader', 'a', 3000),
    );
    expect(ask(view, 'a')).toMatchObject({ reason: 'ALLOWED', validUntilMs: 3000 });
    expect(ask(view, 'b')).toMatchObject({ reason: 'ALLOWED', validUntilMs: 2000 });
    expect(ask(view, 'b', 1999).reason).toBe('ALLOWED');
    expect(ask(view, 'b', 2000).reason).toBe('NO_GRANT');
    expect(ask(view, 'b', 2000).validUntilMs).toBe(Infinity);
  });

  it('revokes a grant by its tuple and leaves the others', () => {
    const view = given(...orders, principal('alice'));
    andThen(view, grant('alice', 'reader', 'a'), grant('alice', 'reader', 'b'));
    andThen(view, revoke('alice', 'reader', 'a'));
    expect(ask(view, 'a').reason).toBe('NO_GRANT');
    expect(ask(view, 'b').reason).toBe('ALLOWED');
  });

  it('follows groups for as long as they and the membership last', () => {
    const view = given(...orders, principal('alice'), group('g'), groupGrant('g', 'reader', 'a'));
    expect(ask(view, 'a').reason).toBe('NO_GRANT');
    andThen(view, member('g', 'alice'));
    expect(ask(view, 'a').reason).toBe('ALLOWED');
    andThen(view, { type: 'GroupDeleted', group: 'g', name: 'g' });
    expect(ask(view, 'a').reason).toBe('NO_GRANT');
    andThen(view, group('g'), groupGrant('g', 'reader', 'a'));
    expect(ask(view, 'a').reason).toBe('NO_GRANT');
  });

  it('takes no notice of the deletion of a group that is only named', () => {
    const view = given(...orders, principal('alice'), member('g', 'alice'));
    andThen(view, { type: 'GroupDeleted', group: 'g', name: 'g' }, group('g'));
    andThen(view, groupGrant('g', 'reader', 'a'));
    expect(ask(view, 'a').reason).toBe('ALLOWED');
  });

  it('keeps nothing that a deleted principal held', () => {
    const view = given(...orders, principal('alice'), group('g'), member('g', 'alice'));
    andThen(view, grant('alice', 'reader', 'only/here'));
    andThen(view, {
      type: 'PrincipalDeleted',
      principal: 'alice',
      blindIndexes: [],
      admin: false,
    });
    const row = view.principalRow('t', 'alice');
    expect(view.sets.lengthOf(view.principals.setOf(row))).toBe(0);
    expect(view.prefixes.find('only/here')).toBeUndefined();
    andThen(view, grant('alice', 'reader', 'only/here'), member('g', 'alice'));
    expect(view.sets.lengthOf(view.principals.setOf(row))).toBe(0);
  });

  it('ends cyclic inheritance', () => {
    const view = given(
      ...orders,
      principal('alice'),
      role('a', [], ['b']),
      role('b', [], ['a', 'reader', 'b']),
      grant('alice', 'a'),
    );
    expect(ask(view, 'x').reason).toBe('ALLOWED');
    andThen(view, { type: 'RoleParentsChanged', role: 'b', added: [], removed: ['reader'] });
    expect(ask(view, 'x').reason).toBe('NO_GRANT');
  });

  it('grants nothing by a role that is not there, until it is, and never after its deletion', () => {
    const view = given(...orders, principal('alice'), grant('alice', 'later'));
    expect(ask(view, 'x').reason).toBe('NO_GRANT');
    andThen(view, role('later', ['*']));
    expect(ask(view, 'x').reason).toBe('ALLOWED');
    const gone = { type: 'RoleDeleted', role: 'later', name: 'later', parents: [] } as const;
    andThen(view, { ...gone, admin: false }, role('later', ['*']));
    expect(ask(view, 'x').reason).toBe('NO_GRANT');
  });
});
