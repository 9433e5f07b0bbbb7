import { describe, expect, it } from 'vitest';
import type { ClientSettings, DomainEvent } from '#libs/events/catalogue.js';
import type { Command } from '#services/identity/domain/commands.js';
import { adminOf, given, nowMs, role, tenant, user } from './scenario.js';

const settings: ClientSettings = {
  name: 'Shop',
  redirectUris: ['https://shop.example/cb'],
  postLogoutRedirectUris: [],
  grantTypes: ['authorization_code', 'refresh_token'],
  scopes: ['openid', 'orders:read'],
  authMethod: 'client_secret_basic',
  pkceRequired: true,
  dpopRequired: false,
  parRequired: false,
  audiences: [{ id: 'https://api.shop.example', offline: false }],
  firstParty: false,
};
const register = { type: 'RegisterClient', client: 'a1', principal: 's1', kind: 'WEB' } as const;
const secret = { credential: 'c1', prefix: 'abcdefgh', sha256: 'h1' };
const account: DomainEvent = {
  type: 'PrincipalRegistered',
  principal: 's1',
  kind: 'SERVICE',
  profile: undefined,
  loginNames: [],
  origin: 'ADMIN',
};
const registered: DomainEvent = { ...register, type: 'ClientRegistered', settings };
const made = (credential: string, more: object = {}): DomainEvent => ({
  type: 'ClientSecretCreated',
  client: 'a1',
  principal: 's1',
  credential,
  prefix: 'abcdefgh',
  sha256: `h-${credential}`,
  ...more,
});
const there = [tenant, account, registered];
const on = { client: 'a1', principal: 's1' };

/** Fields that are refused when the settings differ by `over`. */
function refused(over: Partial<ClientSettings>, kind: 'WEB' | 'BROWSER' | 'NATIVE' | 'SERVICE') {
  const command = { ...register, kind, settings: { ...settings, ...over } } as const;
  const result = given(tenant).when(command);
  return 'events' in result ? [] : (result.fields ?? [result.rejected]);
}

describe('RegisterClient', () => {
  it('makes the client, its service account and a first secret in one record', () => {
    expect(given(tenant).when({ ...register, settings, secret })).toEqual({
      events: [
        { ...account, profile: undefined },
        registered,
        { type: 'ClientSecretCreated', ...on, ...secret },
      ],
    });
  });

  it('refuses ids that are taken, also by a client of another tenant', () => {
    const command = { ...register, settings };
    expect(given(...there).when(command)).toEqual({ rejected: 'ALREADY_EXISTS' });
    const elsewhere = [tenant, { ...account, principal: 's9' } as DomainEvent, registered];
    expect(given(tenant).when(command, { elsewhere })).toEqual({ rejected: 'ALREADY_EXISTS' });
  });

  it('takes scopes of the tenant, patterns and those of OpenID Connect, and no others', () => {
    const scopes = ['openid', 'orders:*', 'orders', 'Orders'];
    const command = { ...register, settings: { ...settings, scopes } };
    const fields = ['settings.scopes[2]', 'settings.scopes[3]'];
    expect(given(tenant).when(command)).toEqual({ rejected: 'INVALID_ARGUMENT', fields });
    const facts = { description: '', permissions: [], consentRequired: true };
    const defined: DomainEvent = { type: 'ScopeDefined', scope: 'orders', ...facts };
    expect(given(tenant, defined).when(command)).toMatchObject({ fields: ['settings.scopes[3]'] });
  });

  it('lets only clients that keep a secret authenticate, and lets those do nothing else', () => {
    expect(refused({ authMethod: 'none' }, 'WEB')).toEqual(['settings.auth_method']);
    expect(refused({}, 'BROWSER')).toEqual(['settings.auth_method']);
    expect(refused({}, 'NATIVE')).toEqual(['settings.auth_method']);
    expect(refused({ authMethod: 'none' }, 'NATIVE')).toEqual([]);
    const own = {
      authMethod: 'none',
      grantTypes: ['client_credentials'],
      redirectUris: [],
    } as const;
    expect(refused(own, 'NATIVE')).toEqual(['settings.grant_types']);
  });

  it('forces PKCE on clients that keep no secret (RFC 9700, 2.1.1)', () => {
    const none = { authMethod: 'none', pkceRequired: false } as const;
    expect(refused(none, 'BROWSER')).toEqual(['settings.pkce_required']);
    expect(refused({ pkceRequired: false }, 'WEB')).toEqual([]);
  });

  it('wants redirect URIs for the code flow, and none without it', () => {
    expect(refused({ redirectUris: [] }, 'WEB')).toEqual(['settings.redirect_uris']);
    const service = { grantTypes: ['client_credentials'] } as const;
    expect(refused(service, 'SERVICE')).toEqual(['settings.redirect_uris']);
    expect(refused({ ...service, redirectUris: [] }, 'SERVICE')).toEqual([]);
    expect(refused({}, 'SERVICE')).toEqual(['settings.grant_types']);
    expect(refused({ grantTypes: [] }, 'WEB')).toContain('settings.grant_types');
    const lonely = { grantTypes: ['refresh_token'], redirectUris: [] } as const;
    expect(refused(lonely, 'WEB')).toEqual(['settings.grant_types']);
  });

  it('wants keys for private_key_jwt, and only public and strong ones', () => {
    const jwt = { authMethod: 'private_key_jwt' } as const;
    expect(refused(jwt, 'WEB')).toEqual(['settings.jwks']);
    const x = 'A'.repeat(43);
    const ed = { kty: 'OKP', crv: 'Ed25519', x, kid: '1' };
    const good = (...keys: object[]): string[] =>
      refused({ ...jwt, jwks: JSON.stringify({ keys }) }, 'WEB') as string[];
    expect(good(ed)).toEqual([]);
    expect(good(ed, { kty: 'EC', crv: 'P-256', x, y: x, kid: '2' })).toEqual([]);
    expect(good({ kty: 'RSA', n: 'A'.repeat(342), e: 'AQAB' })).toEqual([]);
    for (const bad of [
      { ...ed, d: x },
      { ...ed, x: 'A' },
      { ...ed, use: 'enc' },
      { kty: 'RSA', n: 'A'.repeat(171), e: 'AQAB' },
      { kty: 'oct', k: x },
      { kty: 'EC', crv: 'P-521', x, y: x },
    ]) {
      expect([bad, good(bad)]).toEqual([bad, ['settings.jwks']]);
    }
    expect(good(ed, ed)).toEqual(['settings.jwks']);
    expect(good()).toEqual(['settings.jwks']);
    expect(refused({ ...jwt, jwks: '{' }, 'WEB')).toEqual(['settings.jwks']);
    expect(refused({ jwks: '{"keys":[]}' }, 'WEB')).toEqual(['settings.jwks']);
  });

  it('bounds lifetimes', () => {
    expect(refused({ accessTokenTtlMs: 1 }, 'WEB')).toEqual(['settings.access_token_ttl_ms']);
    const order = { refreshIdleMs: 120_000, refreshAbsoluteMs: 60_000 };
    expect(refused(order, 'WEB')).toEqual(['settings.refresh_idle_ms']);
  });

  it('takes no secret where none is used', () => {
    const command = {
      ...register,
      settings: { ...settings, authMethod: 'tls_client_auth' },
    } as const;
    const fields = ['secret'];
    expect(given(tenant).when({ ...command, secret })).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields,
    });
  });
});

describe('a client', () => {
  const suspended: DomainEvent = { type: 'ClientSuspended', ...on };
  const deleted: DomainEvent = { type: 'ClientDeleted', ...on };

  it('is changed as a whole; the same again is nothing', () => {
    const change = { type: 'ChangeClient', client: 'a1' } as const;
    expect(given(...there).when({ ...change, settings })).toEqual({ events: [] });
    const other = { ...settings, firstParty: true };
    expect(given(...there).when({ ...change, settings: other })).toEqual({
      events: [{ type: 'ClientChanged', ...on, settings: other }],
    });
    const bad = { ...settings, redirectUris: ['https://shop.example/*'] };
    expect(given(...there).when({ ...change, settings: bad })).toMatchObject({
      fields: ['settings.redirect_uris[0]'],
    });
  });

  it('is suspended and resumed', () => {
    const suspend = { type: 'SuspendClient', client: 'a1' } as const;
    const resume = { type: 'ResumeClient', client: 'a1' } as const;
    expect(given(...there).when(suspend)).toEqual({ events: [suspended] });
    expect(given(...there).when(resume)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...there, suspended).when(suspend)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...there, suspended).when(resume)).toEqual({
      events: [{ type: 'ClientResumed', ...on }],
    });
  });

  it('is deleted with its service account, and then is nothing that commands find', () => {
    const remove = { type: 'DeleteClient', client: 'a1' } as const;
    const gone: DomainEvent = {
      type: 'PrincipalDeleted',
      principal: 's1',
      blindIndexes: [],
      admin: false,
    };
    expect(given(...there).when(remove)).toEqual({ events: [deleted, gone] });
    expect(given(...there, gone).when(remove)).toEqual({ events: [deleted] });
    for (const type of ['SuspendClient', 'ResumeClient', 'DeleteClient'] as const) {
      expect(given(...there, deleted).when({ type, client: 'a1' })).toEqual({
        rejected: 'NOT_FOUND',
      });
    }
  });

  it('stays while its service account is the last administrator', () => {
    const admin = [role('admin', [], true), adminOf('g1', 's1')];
    expect(given(...there, ...admin).when({ type: 'DeleteClient', client: 'a1' })).toEqual({
      rejected: 'LAST_ADMIN',
    });
  });

  it('of another tenant does not exist here', () => {
    const elsewhere = [tenant, account, registered];
    for (const type of ['SuspendClient', 'DeleteClient'] as const) {
      expect(given(tenant).when({ type, client: 'a1' }, { elsewhere })).toEqual({
        rejected: 'NOT_FOUND',
      });
    }
  });
});

describe('secrets of a client', () => {
  const create = { type: 'CreateClientSecret', client: 'a1', ...secret } as const;
  const rotate = { type: 'RotateClientSecret', client: 'a1', ...secret, overlapMs: 1000 } as const;

  it('are created up to a limit, which expired ones do not count against', () => {
    const nine = Array.from({ length: 9 }, (_, at) => made(`old-${at}`));
    expect(given(...there, ...nine).when(create)).toMatchObject({
      events: [{ type: 'ClientSecretCreated', credential: 'c1' }],
    });
    const ten = [...nine, made('old-9')];
    expect(given(...there, ...ten).when(create)).toEqual({ rejected: 'LIMIT_REACHED' });
    const expired = [...nine, made('old-9', { expiresAtMs: nowMs })];
    expect(given(...there, ...expired).when(create)).toMatchObject({
      events: [
        {
          type: 'CredentialRemoved',
          credential: 'old-9',
          kind: 'CLIENT_SECRET',
          cause: 'ROTATION',
        },
        { type: 'ClientSecretCreated', credential: 'c1' },
      ],
    });
  });

  it('are replaced with an overlap: the newest, or the one that is named', () => {
    const two = [made('one'), made('two')];
    expect(given(...there, ...two).when(rotate)).toMatchObject({
      events: [{ credential: 'c1', replaces: 'two', overlapUntilMs: nowMs + 1000 }],
    });
    expect(given(...there, ...two).when({ ...rotate, replaces: 'one' })).toMatchObject({
      events: [{ credential: 'c1', replaces: 'one' }],
    });
    const replaced = made('three', { replaces: 'two', overlapUntilMs: nowMs + 5 });
    expect(given(...there, ...two, replaced).when({ ...rotate, replaces: 'two' })).toEqual({
      rejected: 'WRONG_STATE',
    });
    expect(given(...there).when(rotate)).toEqual({ rejected: 'WRONG_STATE' });
  });

  it('never outlive their own expiry by being replaced', () => {
    const short = made('one', { expiresAtMs: nowMs + 10 });
    expect(given(...there, short).when(rotate)).toMatchObject({
      events: [{ overlapUntilMs: nowMs + 10 }],
    });
  });

  it('that are blocked are not rotated into good ones', () => {
    const block: DomainEvent = {
      type: 'CredentialBlocked',
      principal: 's1',
      credential: 'one',
      cause: 'COMPROMISE',
    };
    expect(given(...there, made('one'), block).when(rotate)).toEqual({ rejected: 'WRONG_STATE' });
  });

  it('are revoked once', () => {
    const revoke: Command = {
      type: 'RevokeClientSecret',
      client: 'a1',
      credential: 'one',
      cause: 'ADMIN',
    };
    const removed: DomainEvent = {
      type: 'CredentialRemoved',
      principal: 's1',
      credential: 'one',
      kind: 'CLIENT_SECRET',
      client: 'a1',
      cause: 'ADMIN',
    };
    expect(given(...there, made('one')).when(revoke)).toEqual({ events: [removed] });
    expect(given(...there, made('one'), removed).when(revoke)).toEqual({ rejected: 'NOT_FOUND' });
  });
});

describe('consents', () => {
  const give = { type: 'GiveConsent', principal: 'p1', client: 'a1', audience: '' } as const;
  const scopes = ['openid', 'orders:read'];
  const givenNow: DomainEvent = {
    type: 'ConsentGiven',
    principal: 'p1',
    client: 'a1',
    scopes,
    audience: '',
    expiresAtMs: undefined,
  };
  const known = [...there, user('p1')];

  it('are given by users to active clients, within what the client may have', () => {
    expect(given(...known).when({ ...give, scopes })).toEqual({ events: [givenNow] });
    expect(given(...known).when({ ...give, scopes: ['profile'] })).toMatchObject({
      fields: ['scopes[0]'],
    });
    expect(given(...known).when({ ...give, scopes: [] })).toMatchObject({ fields: ['scopes'] });
    expect(given(...known).when({ ...give, scopes, audience: 'x' })).toMatchObject({
      fields: ['audience'],
    });
    expect(given(...there).when({ ...give, scopes })).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(...known).when({ ...give, principal: 's1', scopes })).toEqual({
      rejected: 'NOT_FOUND',
    });
    const suspended: DomainEvent = { type: 'ClientSuspended', ...on };
    expect(given(...known, suspended).when({ ...give, scopes })).toEqual({
      rejected: 'WRONG_STATE',
    });
  });

  it('are withdrawn once', () => {
    const withdraw = { type: 'WithdrawConsent', principal: 'p1', client: 'a1' } as const;
    const withdrawn: DomainEvent = { ...withdraw, type: 'ConsentWithdrawn' };
    expect(given(...known, givenNow).when(withdraw)).toEqual({ events: [withdrawn] });
    expect(given(...known).when(withdraw)).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(...known, givenNow, withdrawn).when(withdraw)).toEqual({ rejected: 'NOT_FOUND' });
  });
});

describe('certificates', () => {
  const bind = {
    type: 'BindCertificate',
    principal: 'p1',
    credential: 'k1',
    name: 'Gateway',
    kind: 'SPIFFE',
    identity: 'spiffe://example.org/gw',
  } as const;
  const bound: DomainEvent = { ...bind, type: 'CertificateBound', expiresAtMs: undefined };
  const removed: DomainEvent = {
    type: 'CredentialRemoved',
    principal: 'p1',
    credential: 'k1',
    kind: 'CERTIFICATE',
    cause: 'ADMIN',
  };
  const known = [tenant, user('p1'), user('p2')];

  it('are bound to one principal at a time', () => {
    expect(given(...known).when(bind)).toEqual({ events: [bound] });
    const other = { ...bind, principal: 'p2', credential: 'k2' };
    const otherBound = { ...other, type: 'CertificateBound' };
    expect(given(...known, bound).when(other)).toEqual({ rejected: 'NAME_TAKEN' });
    expect(given(...known, bound, removed).when(other)).toMatchObject({ events: [otherBound] });
    const gone: DomainEvent = {
      type: 'PrincipalDeleted',
      principal: 'p1',
      blindIndexes: ['name-p1'],
      admin: false,
    };
    expect(given(...known, bound, gone).when(other)).toMatchObject({ events: [otherBound] });
  });

  it('are named by a hash or a SPIFFE id, exactly', () => {
    const bad = [
      'https://example.org/gw',
      'spiffe://Example.org/gw',
      'spiffe://example.org',
      'spiffe://example.org/a/../b',
      'spiffe://example.org/a?b',
      'spiffe://example.org/',
    ];
    for (const identity of bad) {
      const result = given(...known).when({ ...bind, identity });
      expect([identity, result]).toMatchObject([identity, { fields: ['identity'] }]);
    }
    const spki = { ...bind, kind: 'SPKI', identity: 'A'.repeat(43) } as const;
    expect(given(...known).when(spki)).toHaveProperty('events');
    expect(given(...known).when({ ...spki, identity: 'AA' })).toMatchObject({
      fields: ['identity'],
    });
  });

  it('are removed once', () => {
    const remove = { type: 'RemoveCertificate', credential: 'k1', cause: 'ADMIN' } as const;
    expect(given(...known, bound).when(remove)).toEqual({ events: [removed] });
    expect(given(...known, bound, removed).when(remove)).toEqual({ rejected: 'NOT_FOUND' });
  });
});
