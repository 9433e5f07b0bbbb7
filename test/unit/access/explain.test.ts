import { describe, expect, it } from 'vitest';

import { explain, explainApiKey, explainToken } from '#libs/access/evaluate/explain.js';
import type { AccessView } from '#libs/access/projection/access-view.js';

import {
  andThen,
  apiKey,
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
// Positions: 0 tenant, 1 permission, 2 reader, 3 lead (inherits reader), 4 alice.
const before = [
  tenant,
  permission(read),
  role('reader', ['orders:*']),
  role('lead', [], ['reader']),
  principal('alice'),
];

function why(view: AccessView, resource = 'a/b', nowMs = 0) {
  return explain(view, { tenant: 't', principal: 'alice', action: read, resource, nowMs });
}

describe('explain an ALLOW', () => {
  it('names an own grant with its role chain, pattern and positions', () => {
    const view = given(...before, grant('alice', 'lead', 'a', 500));
    expect(why(view).paths).toEqual([
      {
        missing: 'NOTHING',
        group: undefined,
        roleChain: [
          { role: 'lead', name: 'lead' },
          { role: 'reader', name: 'reader' },
        ],
        pattern: 'orders:*',
        resourcePrefix: 'a',
        expiresAtMs: 500,
        grantPosition: 5,
        positions: [2, 3, 5],
      },
    ]);
  });

  it('names a grant by group with the membership', () => {
    const view = given(...before, group('g'), member('g', 'alice'), groupGrant('g', 'reader', 'a'));
    expect(why(view).paths).toMatchObject([
      { group: { id: 'g', name: 'g' }, grantPosition: 7, positions: [2, 6, 7] },
    ]);
  });

  it('names every grant, not only the first, and keeps positions when the set changes', () => {
    const view = given(...before, group('g'), member('g', 'alice'), groupGrant('g', 'reader', 'a'));
    andThen(view, grant('alice', 'reader'), grant('alice', 'lead', 'x'), grant('alice', 'lead'));
    andThen(view, revoke('alice', 'lead', 'x'));
    const positions = why(view).paths.map((path) => path.grantPosition);
    expect(positions.toSorted((a, b) => a - b)).toEqual([7, 8, 10]);
  });

  it('points at the event that added the pattern, not at the creation of the role', () => {
    const view = given(...before, role('late', []), grant('alice', 'late'));
    andThen(view, { type: 'RolePermissionsChanged', role: 'late', added: [read], removed: [] });
    expect(why(view).paths).toMatchObject([{ pattern: read, positions: [5, 6, 7] }]);
  });
});

describe('explain a NO_GRANT', () => {
  it('names the roles that would allow it', () => {
    const view = given(...before, role('other', ['users:read']));
    expect(why(view)).toMatchObject({
      reason: 'NO_GRANT',
      paths: [],
      rolesThatAllow: [{ name: 'lead' }, { name: 'reader' }],
    });
  });

  it('puts what expired and what was revoked before other resources and other roles', () => {
    const view = given(
      ...before,
      role('other', []),
      grant('alice', 'other'),
      grant('alice', 'reader', 'x'),
      grant('alice', 'reader', 'a/c'),
      grant('alice', 'lead', 'a/b'),
      grant('alice', 'reader', 'a', 100),
    );
    andThen(view, revoke('alice', 'lead', 'a/b'));
    const near = why(view, 'a/b', 100).paths.map((path) => [path.missing, path.resourcePrefix]);
    expect(near).toEqual([
      ['EXPIRED', 'a'],
      ['REVOKED', 'a/b'],
      ['OTHER_RESOURCE', 'a/c'],
      ['OTHER_RESOURCE', 'x'],
      ['ROLE_LACKS_PERMISSION', ''],
    ]);
    expect(why(view, 'a/b', 100).paths[1]?.positions).toContain(11);
  });

  it('remembers a group that was left while the group still has the grant', () => {
    const view = given(...before, group('g'), member('g', 'alice'), groupGrant('g', 'reader', 'a'));
    andThen(view, { type: 'GroupMemberRemoved', group: 'g', principal: 'alice' });
    expect(why(view).paths).toMatchObject([
      { missing: 'MEMBERSHIP_REMOVED', group: { id: 'g' }, positions: [2, 7, 8] },
    ]);
  });
});

describe('explain a denial that is not about grants', () => {
  const suspended = { type: 'PrincipalSuspended', principal: 'alice', admin: false } as const;

  it('points at the suspension', () => {
    const view = given(...before, grant('alice', 'reader'), suspended);
    expect(why(view)).toMatchObject({ reason: 'PRINCIPAL_SUSPENDED', evidence: [6], paths: [] });
    andThen(view, { type: 'TenantSuspended' });
    expect(why(view)).toMatchObject({ reason: 'TENANT_SUSPENDED', evidence: [7] });
  });

  it('points at the retirement of a permission', () => {
    const view = given(...before, { type: 'PermissionRetired', permission: read });
    expect(why(view)).toMatchObject({ reason: 'UNKNOWN_PERMISSION', evidence: [5] });
  });

  it('points at what ended an API key', () => {
    const ask = { action: read, resource: 'a', nowMs: 0 };
    const view = given(...before, grant('alice', 'reader'), apiKey('k', 'alice'));
    expect(explainApiKey(view, 'hash-k', ask)).toMatchObject({ reason: 'ALLOWED', evidence: [] });
    const of = { principal: 'alice', credential: 'k' } as const;
    andThen(view, { type: 'CredentialBlocked', ...of, cause: 'ADMIN' });
    expect(explainApiKey(view, 'hash-k', ask)).toMatchObject({ evidence: [7] });
    andThen(view, { type: 'ApiKeyRevoked', ...of, cause: 'ADMIN' }, suspended);
    expect(explainApiKey(view, 'hash-k', ask)).toMatchObject({
      reason: 'PRINCIPAL_SUSPENDED',
      evidence: [9],
    });
    andThen(view, { type: 'PrincipalResumed', principal: 'alice', admin: false });
    expect(explainApiKey(view, 'hash-k', ask)).toMatchObject({
      reason: 'CREDENTIAL_REVOKED',
      evidence: [8],
    });
    expect(explainApiKey(view, 'none', ask)).toMatchObject({ reason: 'CREDENTIAL_UNKNOWN' });
  });

  it('points at every watermark that a token does not pass', () => {
    const view = given(
      ...before,
      { type: 'SessionsInvalidated', principal: 'alice', cause: 'ADMIN' },
      { type: 'WatermarkRaised', scope: 'TENANT', id: 't', cause: 'ADMIN' },
      {
        type: 'SigningKeyPublished',
        kid: 'k',
        issuer: 'i',
        algorithm: 'EdDSA',
        publicJwk: '{}',
        privateKey: { id: 'v', sha256: 's' },
        activateNotBeforeMs: 0,
      },
      { type: 'SigningKeyActivated', kid: 'k', issuer: 'i' },
    );
    const token = {
      tenant: 't',
      principal: 'alice',
      client: '',
      kid: 'k',
      credential: '',
      expiresAtMs: 9,
    };
    const ask = { action: read, resource: 'a', nowMs: 0 };
    const at = (authPosition: number) =>
      explainToken(view, undefined, { ...token, authPosition, scopes: [] }, ask);
    expect(at(4)).toMatchObject({ reason: 'WATERMARK', evidence: [5, 6] });
    expect(at(5)).toMatchObject({ reason: 'WATERMARK', evidence: [6] });
    expect(at(6)).toMatchObject({ reason: 'NO_GRANT', evidence: [] });
  });
});
