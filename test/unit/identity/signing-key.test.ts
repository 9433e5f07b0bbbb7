import { describe, expect, it } from 'vitest';

import type { DomainEvent } from '#libs/events/catalogue.js';
import type { InitialiseSystem } from '#services/identity/domain/bootstrap.js';
import type {
  PublishSigningKey,
  RotateSigningKey,
} from '#services/identity/domain/signing-key/commands.js';

import { given, nowMs, operator, role, system, tenant, user, vault } from './scenario.js';

const inSystem = { tenant: 'system', actor: operator };
const issuer = 'https://id.example';
const facts = { issuer, algorithm: 'EdDSA', publicJwk: '{}', privateKey: vault } as const;
const publish: PublishSigningKey = {
  type: 'PublishSigningKey',
  kid: 'k1',
  ...facts,
  activateNotBeforeMs: nowMs,
};
const rotate: RotateSigningKey = {
  type: 'RotateSigningKey',
  kid: 'k1',
  ...facts,
  retireAfterMs: nowMs + 600,
};
const published = (kid: string, activateNotBeforeMs = nowMs): DomainEvent => ({
  type: 'SigningKeyPublished',
  kid,
  ...facts,
  activateNotBeforeMs,
});
const activated = (kid: string, previousKid?: string): DomainEvent => ({
  type: 'SigningKeyActivated',
  kid,
  issuer,
  ...(previousKid === undefined ? {} : { previousKid, retireAfterMs: nowMs + 600 }),
});
const two = [tenant, published('k1'), activated('k1'), published('k2'), activated('k2', 'k1')];

describe('PublishSigningKey, ActivateSigningKey, RotateSigningKey', () => {
  const activate = { type: 'ActivateSigningKey', kid: 'k2', retireAfterMs: nowMs + 600 } as const;

  it('publish first, sign later; the previous key goes on verifying', () => {
    expect(given(tenant).when(publish, inSystem)).toEqual({ events: [published('k1')] });
    expect(given(tenant, published('k2')).when(activate, inSystem)).toEqual({
      events: [activated('k2')],
    });
    const signing = [tenant, published('k1'), activated('k1'), published('k2')];
    expect(given(...signing).when(activate, inSystem)).toEqual({ events: [activated('k2', 'k1')] });
  });

  it('rotate does both in one record', () => {
    expect(given(tenant).when(rotate, inSystem)).toEqual({
      events: [published('k1'), activated('k1')],
    });
    expect(given(...two).when({ ...rotate, kid: 'k3' }, inSystem)).toEqual({
      events: [published('k3'), activated('k3', 'k2')],
    });
  });

  it('refuse a key that is too young, used already, or not there', () => {
    const young = given(tenant, published('k2', nowMs + 1));
    expect(young.when(activate, inSystem)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...two).when(activate, inSystem)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...two).when({ ...activate, kid: 'k1' }, inSystem)).toEqual({
      rejected: 'WRONG_STATE',
    });
    expect(given(tenant).when(activate, inSystem)).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(...two).when(publish, inSystem)).toEqual({ rejected: 'ALREADY_EXISTS' });
  });

  it('refuse a retirement in the past, a full keyring, and another tenant', () => {
    const past = { rejected: 'INVALID_ARGUMENT', fields: ['retire_after_ms'] };
    const retireAfterMs = nowMs - 1;
    expect(given(tenant).when({ ...rotate, retireAfterMs }, inSystem)).toEqual(past);
    expect(given(tenant, published('k2')).when({ ...activate, retireAfterMs }, inSystem)).toEqual(
      past,
    );
    const many = Array.from({ length: 16 }, (_, at) => published(`m${at}`));
    expect(given(tenant, ...many).when(publish, inSystem)).toEqual({ rejected: 'LIMIT_REACHED' });
    expect(given(tenant).when(publish)).toEqual({ rejected: 'PERMISSION_DENIED' });
  });
});

describe('RemoveSigningKey', () => {
  const remove = { type: 'RemoveSigningKey', kid: 'k1' } as const;
  const removed = { type: 'SigningKeyRemoved', kid: 'k1', issuer } as const;

  it('waits for the last token of the key', () => {
    expect(given(...two).when(remove, inSystem)).toEqual({ rejected: 'IN_USE' });
    const later = { ...inSystem, nowMs: nowMs + 600 };
    expect(given(...two).when(remove, later)).toEqual({ events: [removed] });
  });

  it('refuses the active key; an unused or a compromised one goes at once', () => {
    expect(given(...two).when({ ...remove, kid: 'k2' }, inSystem)).toEqual({ rejected: 'IN_USE' });
    expect(given(tenant, published('k1')).when(remove, inSystem)).toEqual({ events: [removed] });
    const bad = { type: 'SigningKeyCompromised', kid: 'k1', issuer } as const;
    expect(given(...two, bad).when(remove, inSystem)).toEqual({ events: [removed] });
    expect(given(...two, bad, removed).when(remove, inSystem)).toEqual({ rejected: 'NOT_FOUND' });
  });
});

describe('CompromiseSigningKey', () => {
  const compromise = { type: 'CompromiseSigningKey', kid: 'k1' } as const;
  const compromised = { type: 'SigningKeyCompromised', kid: 'k1', issuer } as const;

  it('needs another key that signs', () => {
    expect(given(...two).when(compromise, inSystem)).toEqual({ events: [compromised] });
    expect(given(...two, compromised).when(compromise, inSystem)).toEqual({ events: [] });
    expect(given(...two).when({ ...compromise, kid: 'k2' }, inSystem)).toEqual({
      rejected: 'WRONG_STATE',
    });
    expect(given(tenant, published('k1')).when(compromise, inSystem)).toEqual({
      rejected: 'WRONG_STATE',
    });
    expect(given(tenant).when(compromise, inSystem)).toEqual({ rejected: 'NOT_FOUND' });
  });
});

describe('RaiseWatermark', () => {
  const raise = (scope: 'PRINCIPAL' | 'CLIENT' | 'TENANT' | 'ALL', id: string) =>
    ({ type: 'RaiseWatermark', scope, id, cause: 'COMPROMISE' }) as const;
  const raised = (scope: string, id: string) => ({
    events: [{ type: 'WatermarkRaised', scope, id, cause: 'COMPROMISE' }],
  });

  it('for a principal, the own tenant, or all', () => {
    const base = given(tenant, user('p1'));
    expect(base.when(raise('PRINCIPAL', 'p1'))).toEqual(raised('PRINCIPAL', 'p1'));
    expect(base.when(raise('TENANT', 't1'))).toEqual(raised('TENANT', 't1'));
    expect(base.when(raise('ALL', ''), inSystem)).toEqual(raised('ALL', ''));
  });

  it('refuses what is not there and what belongs to others', () => {
    const base = given(tenant, user('p1'));
    expect(base.when(raise('PRINCIPAL', 'p2'))).toEqual({ rejected: 'NOT_FOUND' });
    expect(base.when(raise('TENANT', 't2'))).toEqual({ rejected: 'PERMISSION_DENIED' });
    expect(base.when(raise('ALL', ''))).toEqual({ rejected: 'PERMISSION_DENIED' });
    expect(base.when(raise('ALL', 'x'), inSystem)).toEqual({ rejected: 'PERMISSION_DENIED' });
    expect(base.when(raise('CLIENT', 'c1'))).toEqual({ rejected: 'UNSUPPORTED' });
  });
});

describe('InitialiseSystem', () => {
  const initialise: InitialiseSystem = {
    type: 'InitialiseSystem',
    tenant: {
      type: 'CreateTenant',
      slug: 'system',
      displayName: 'System',
      settings: {},
      blindIndexKey: vault,
      adminRole: 'r1',
      admin: {
        principal: {
          type: 'RegisterPrincipal',
          principal: 'p1',
          kind: 'SERVICE',
          loginNames: [],
          origin: 'ADMIN',
        },
        grant: 'x1',
      },
    },
    signingKey: rotate,
    apiKey: {
      type: 'CreateApiKey',
      principal: 'p1',
      credential: 'c1',
      prefix: 'abcdefgh',
      sha256: 's1',
      name: 'bootstrap',
      scopes: [],
      expiresAtMs: nowMs + 1,
    },
  };
  const bySystem = { tenant: 'system', actor: system };

  it('makes tenant, admin, signing key and first credential in one record', () => {
    const result = given().when(initialise, bySystem);
    const types = 'events' in result ? result.events.map((event) => event.type) : [];
    expect(types.filter((type) => type !== 'PermissionDefined')).toEqual([
      'TenantCreated',
      'RoleCreated',
      'PrincipalRegistered',
      'RoleGranted',
      'SigningKeyPublished',
      'SigningKeyActivated',
      'ApiKeyCreated',
    ]);
  });

  it('is done once, by the system itself, whole or not at all', () => {
    const denied = { rejected: 'PERMISSION_DENIED' };
    expect(given(tenant).when(initialise, bySystem)).toEqual({ rejected: 'ALREADY_EXISTS' });
    expect(given(tenant, role('r1')).when(initialise, inSystem)).toEqual(denied);
    expect(given().when(initialise, { tenant: 't1', actor: system })).toEqual(denied);
    const orphan = { ...initialise, apiKey: { ...initialise.apiKey, principal: 'p9' } };
    expect(given().when(orphan, bySystem)).toEqual({ rejected: 'NOT_FOUND' });
  });
});
