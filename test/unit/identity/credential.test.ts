import { describe, expect, it } from 'vitest';

import type { DomainEvent } from '#libs/events/catalogue.js';
import type { ApiKeyCommand, RotateApiKey } from '#services/identity/domain/api-key/commands.js';
import { longestOverlapMs } from '#services/identity/domain/api-key/rotate.js';
import type { SetPassword } from '#services/identity/domain/password/commands.js';
import { passwords } from '#services/identity/domain/password/state.js';
import { sessionsOf } from '#services/identity/domain/principal/state.js';
import { TrackedView } from '#libs/decider/tracked-view.js';

import { given, nowMs, passwordSet, storeOf, tenant, user, vault } from './scenario.js';

const base = [tenant, user('p1')];
const set: SetPassword = {
  type: 'SetPassword',
  principal: 'p1',
  credential: 'c1',
  hash: vault,
  params: 'm=2',
  cause: 'ADMIN',
  mustChange: false,
};
const removed: DomainEvent = {
  type: 'PasswordRemoved',
  principal: 'p1',
  credential: 'c1',
  cause: 'ADMIN',
};

describe('SetPassword', () => {
  const event = (version: number, credential = 'c1') => ({
    type: 'PasswordSet',
    principal: 'p1',
    credential,
    version,
    hash: vault,
    params: 'm=2',
    cause: 'ADMIN',
    mustChange: false,
  });

  it('counts versions up, keeps the credential, and never starts again', () => {
    expect(given(...base).when(set)).toEqual({ events: [event(1)] });
    const second = given(...base, passwordSet('p1', 'c1')).when({ ...set, credential: 'c2' });
    expect(second).toEqual({ events: [event(2)] });
    const after = given(...base, passwordSet('p1', 'c1', 4), removed).when(set);
    expect(after).toEqual({ events: [event(5)] });
  });

  it('kills what was issued before', () => {
    const store = storeOf([...base, passwordSet('p1', 'c1')]);
    expect(sessionsOf.read(new TrackedView(store), 't1', 'p1')).toEqual({ notBefore: 2 });
  });

  it('a change needs the version that was verified, and an unblocked credential', () => {
    const change = { ...set, cause: 'CHANGE', verifiedVersion: 1 } as const;
    const current = [...base, passwordSet('p1', 'c1')];
    const no = { rejected: 'CREDENTIALS_REJECTED' };
    expect(given(...current).when(change)).toHaveProperty('events.0.cause', 'CHANGE');
    expect(given(...current, passwordSet('p1', 'c1', 2)).when(change)).toEqual(no);
    expect(given(...current, removed).when(change)).toEqual(no);
    expect(given(...base).when(change)).toEqual(no);
    expect(given(...current).when({ ...change, verifiedVersion: undefined })).toEqual(no);
    const blocked = {
      type: 'CredentialBlocked',
      principal: 'p1',
      credential: 'c1',
      cause: 'COMPROMISE',
    } as const;
    expect(given(...current, blocked).when(change)).toEqual(no);
    expect(given(...current, blocked).when(set)).toHaveProperty('events');
    expect(
      given(...current, blocked, passwordSet('p1', 'c1', 2)).when({
        ...change,
        verifiedVersion: 2,
      }),
    ).toHaveProperty('events');
  });

  it('refuses an unknown principal and a credential id in use', () => {
    expect(given(tenant).when(set)).toEqual({ rejected: 'NOT_FOUND' });
    const other = [...base, user('p2'), passwordSet('p2', 'c1')];
    expect(given(...other).when(set)).toEqual({ rejected: 'ALREADY_EXISTS' });
  });
});

describe('RehashPassword, RemovePassword', () => {
  const rehash = {
    type: 'RehashPassword',
    principal: 'p1',
    version: 1,
    hash: { id: 'v2', sha256: 'h2' },
    params: 'm=9',
  } as const;
  const remove = { type: 'RemovePassword', principal: 'p1', cause: 'ADMIN' } as const;

  it('rehash keeps the version and does nothing for another one', () => {
    const current = [...base, passwordSet('p1', 'c1')];
    const { hash, params } = rehash;
    const event = {
      type: 'PasswordRehashed',
      principal: 'p1',
      credential: 'c1',
      version: 1,
      hash,
      params,
    } as const;
    expect(given(...current).when(rehash)).toEqual({ events: [event] });
    expect(given(...current, passwordSet('p1', 'c1', 2)).when(rehash)).toEqual({ events: [] });
    expect(given(...base).when(rehash)).toEqual({ events: [] });
    const view = new TrackedView(storeOf([...current, event]));
    expect(passwords.read(view, 't1', 'p1')?.secret).toMatchObject({ hash, params, position: 2 });
  });

  it('remove kills what was issued, and spares the owner’s last way in', () => {
    const current = given(...base, passwordSet('p1', 'c1'));
    expect(current.when(remove)).toEqual({
      events: [removed, { type: 'SessionsInvalidated', principal: 'p1', cause: 'ADMIN' }],
    });
    expect(current.when({ ...remove, cause: 'OWNER' })).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...base).when(remove)).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(tenant).when(remove)).toEqual({ rejected: 'NOT_FOUND' });
  });
});

const create: ApiKeyCommand = {
  type: 'CreateApiKey',
  principal: 'p1',
  credential: 'k1',
  prefix: 'abcdefgh',
  sha256: 's1',
  name: 'ci',
  scopes: ['orders:*'],
  resourcePrefix: 'projects/acme',
};
const created = (credential: string, over: object = {}): DomainEvent => ({
  type: 'ApiKeyCreated',
  principal: 'p1',
  credential,
  prefix: 'abcdefgh',
  sha256: `s${credential.slice(1)}`,
  name: 'ci',
  scopes: ['orders:*'],
  resourcePrefix: 'projects/acme',
  ...over,
});
const revoked = {
  type: 'ApiKeyRevoked',
  principal: 'p1',
  credential: 'k1',
  cause: 'OWNER',
} as const;

describe('CreateApiKey', () => {
  it('makes a key', () => {
    expect(given(...base).when(create)).toEqual({
      events: [created('k1', { expiresAtMs: undefined })],
    });
  });

  it('refuses bad fields, all at once', () => {
    const bad = {
      ...create,
      name: ' ',
      scopes: ['*:x'],
      resourcePrefix: 'a//b',
      expiresAtMs: nowMs,
    };
    expect(given(...base).when(bad)).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['name', 'scopes[0]', 'resource_prefix', 'expires_at_ms'],
    });
  });

  it('refuses an unknown principal, a second use of id or hash, and too many', () => {
    expect(given(tenant).when(create)).toEqual({ rejected: 'NOT_FOUND' });
    const held = given(...base, created('k1'));
    expect(held.when({ ...create, sha256: 's2' })).toEqual({ rejected: 'ALREADY_EXISTS' });
    expect(held.when({ ...create, credential: 'k2' })).toEqual({ rejected: 'ALREADY_EXISTS' });
    const hundred = Array.from({ length: 100 }, (_, at) => created(`k${at + 2}`));
    expect(given(...base, ...hundred).when(create)).toEqual({ rejected: 'LIMIT_REACHED' });
    const one = { ...revoked, credential: 'k2' };
    expect(given(...base, ...hundred, one).when(create)).toHaveProperty('events');
  });
});

describe('RotateApiKey', () => {
  const rotate: RotateApiKey = {
    type: 'RotateApiKey',
    credential: 'k2',
    replaces: 'k1',
    prefix: 'ijklmnop',
    sha256: 's2',
    overlapMs: 1000,
  };
  const replaced = created('k2', { replaces: 'k1', overlapUntilMs: nowMs + 1000 });

  it('takes over name, scopes and prefix; the old key ends with the overlap', () => {
    expect(given(...base, created('k1')).when(rotate)).toEqual({
      events: [
        created('k2', {
          prefix: 'ijklmnop',
          expiresAtMs: undefined,
          replaces: 'k1',
          overlapUntilMs: nowMs + 1000,
        }),
      ],
    });
    const short = created('k1', { expiresAtMs: nowMs + 10 });
    const result = given(...base, short).when(rotate);
    expect(result).toHaveProperty('events.0.overlapUntilMs', nowMs + 10);
  });

  it('ends the predecessor whose overlap is over, so that rotating never fills the list', () => {
    const third = { ...rotate, credential: 'k3', replaces: 'k2', sha256: 's3' };
    const later = { nowMs: nowMs + 1000 };
    const over = given(...base, created('k1'), replaced).when(third, later);
    expect(over).toHaveProperty('events.0', {
      type: 'ApiKeyRevoked',
      principal: 'p1',
      credential: 'k1',
      cause: 'ROTATION',
    });
    const still = given(...base, created('k1'), replaced).when(third);
    expect(still).toHaveProperty('events.length', 1);
    const gone = given(...base, created('k1'), replaced, revoked).when(third, later);
    expect(gone).toHaveProperty('events.length', 1);
  });

  it('refuses a key that is replaced, expired, revoked, blocked or not there', () => {
    const wrong = { rejected: 'WRONG_STATE' };
    const again = { ...rotate, credential: 'k3', sha256: 's3' };
    expect(given(...base, created('k1'), replaced).when(again)).toEqual(wrong);
    const expired = created('k1', { expiresAtMs: nowMs });
    expect(given(...base, expired).when(rotate)).toEqual(wrong);
    expect(given(...base, created('k1'), revoked).when(rotate)).toEqual(wrong);
    const blocked = { ...revoked, type: 'CredentialBlocked' } as const;
    expect(given(...base, created('k1'), blocked).when(rotate)).toEqual(wrong);
    expect(given(...base).when(rotate)).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(...base, passwordSet('p1', 'k1')).when(rotate)).toEqual({ rejected: 'NOT_FOUND' });
    const orphan = given(...base, created('k1'), {
      type: 'PrincipalDeleted',
      principal: 'p1',
      blindIndexes: [],
      admin: false,
    });
    expect(orphan.when(rotate)).toEqual({ rejected: 'NOT_FOUND' });
  });

  it('refuses ids in use, a full list, and an overlap that is negative or too long', () => {
    const two = given(...base, created('k1'), created('k2'));
    expect(two.when(rotate)).toEqual({ rejected: 'ALREADY_EXISTS' });
    const hundred = Array.from({ length: 99 }, (_, at) => created(`k${at + 3}`));
    expect(given(...base, created('k1'), ...hundred).when(rotate)).toEqual({
      rejected: 'LIMIT_REACHED',
    });
    for (const overlapMs of [-1, longestOverlapMs + 1, 0.5]) {
      expect(given(...base, created('k1')).when({ ...rotate, overlapMs })).toEqual({
        rejected: 'INVALID_ARGUMENT',
        fields: ['overlap_ms'],
      });
    }
  });
});

describe('RevokeApiKey, RenameCredential, BlockCredential, UnblockCredential', () => {
  const revoke = { type: 'RevokeApiKey', credential: 'k1', cause: 'OWNER' } as const;
  const rename = { type: 'RenameCredential', credential: 'k1', name: 'build server' } as const;
  const block = { type: 'BlockCredential', credential: 'k1', cause: 'COMPROMISE' } as const;
  const unblock = { type: 'UnblockCredential', credential: 'k1' } as const;
  const subject = { principal: 'p1', credential: 'k1' };
  const key = [...base, created('k1')];
  const blocked = { type: 'CredentialBlocked', ...subject, cause: 'COMPROMISE' } as const;

  it('act on a live key', () => {
    expect(given(...key).when(revoke)).toEqual({ events: [revoked] });
    expect(given(...key).when(rename)).toEqual({
      events: [{ type: 'CredentialRenamed', ...subject, name: 'build server' }],
    });
    expect(given(...key).when({ ...rename, name: 'ci' })).toEqual({ events: [] });
    expect(given(...key).when(block)).toEqual({ events: [blocked] });
    expect(given(...key, blocked).when(unblock)).toEqual({
      events: [{ type: 'CredentialUnblocked', ...subject }],
    });
    expect(given(...key, blocked).when(revoke)).toEqual({ events: [revoked] });
  });

  it('refuse a key that is gone, and a block that is not there', () => {
    for (const command of [revoke, rename, block, unblock]) {
      expect(given(...base).when(command)).toEqual({ rejected: 'NOT_FOUND' });
      expect(given(...key, revoked).when(command)).toEqual({ rejected: 'WRONG_STATE' });
    }
    expect(given(...key).when(unblock)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...key, blocked).when(block)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...key).when({ ...rename, name: 'a​b' })).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['name'],
    });
  });

  it('a password is blocked like any credential, but revoked by its own command', () => {
    const password = [...base, passwordSet('p1', 'k1')];
    expect(given(...password).when(block)).toEqual({ events: [blocked] });
    expect(given(...password).when(revoke)).toEqual({ rejected: 'NOT_FOUND' });
  });
});
