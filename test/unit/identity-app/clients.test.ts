import { describe, expect, it } from 'vitest';
import {
  AccessDenies,
  endless,
  type AccessDenyKind,
} from '#libs/access/projection/access-denies.js';
import { AccessView } from '#libs/access/projection/access-view.js';
import { foldEvent } from '#libs/decider/fold-event.js';
import { MemoryStore } from '#libs/decider/memory-store.js';
import type { ClientSettings, DomainEvent } from '#libs/events/catalogue.js';
import { keyHash } from '#libs/events/keys.js';
import { generateClientSecret } from '#libs/tokens/client-secret.js';
import {
  findClient,
  isServed,
  mayRedirectTo,
  verifyClientCertificate,
  verifyClientSecret,
} from '#services/identity/app/clients.js';
import { findConsent, scopesToAsk } from '#services/identity/app/consents.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { OauthClients } from '#services/identity/app/oauth/oauth-clients.js';
import { evolve } from '#services/identity/domain/evolve.js';

const [first, second, foreign] = [1, 2, 3].map((fill) =>
  generateClientSecret({ bytes: (length) => new Uint8Array(length).fill(fill) }),
);
const nowMs = 1_764_000_000_000;
const settings: ClientSettings = {
  name: 'Shop',
  redirectUris: ['https://shop.example/cb'],
  postLogoutRedirectUris: [],
  grantTypes: ['authorization_code'],
  scopes: ['openid', 'orders', 'quiet'],
  authMethod: 'client_secret_basic',
  pkceRequired: true,
  dpopRequired: false,
  parRequired: false,
  audiences: [],
  firstParty: false,
};
const of = { client: 'a1', principal: 's1' };
const tenant: DomainEvent = {
  type: 'TenantCreated',
  slug: 'acme',
  displayName: 'Acme',
  settings: undefined,
  blindIndexKey: { id: 'v', sha256: 'v' },
};
const registered: DomainEvent = { type: 'ClientRegistered', ...of, kind: 'WEB', settings };
const made = (secret = first, more: object = {}): DomainEvent => ({
  type: 'ClientSecretCreated',
  ...of,
  credential: secret === first ? 'c1' : 'c2',
  prefix: secret?.prefix ?? '',
  sha256: secret?.sha256 ?? '',
  ...more,
});

/** Events of tenant `t1`, at positions from 0. */
function parts(...events: readonly DomainEvent[]) {
  const state = new MemoryStore();
  const view = new AccessView(keyHash);
  for (const [position, event] of [tenant, ...events].entries()) {
    const actor = { tenant: '', principal: '' };
    const context = { tenant: 't1', actor, position, atMs: nowMs, reason: '' };
    foldEvent(state, evolve, event, context);
    view.apply(event, context);
  }
  const ledger = { state, fold: { view } };
  const clock = { wallMs: () => nowMs };
  return { ledger, clock, view } as unknown as Pick<IdentityParts, 'ledger' | 'clock'> & {
    readonly view: AccessView;
  };
}

const text = (secret = first): string => secret?.text ?? '';
const good = { credential: 'c1' };

describe('a client', () => {
  it('is found by its id alone, until it is deleted', () => {
    expect(findClient(parts(registered), 'a1')).toMatchObject({ tenant: 't1', ...of });
    expect(findClient(parts(registered), 'a2')).toBe(undefined);
    expect(findClient(parts(registered, { type: 'ClientDeleted', ...of }), 'a1')).toBe(undefined);
  });

  it('is served while neither it nor its tenant is suspended', () => {
    const served = (...events: DomainEvent[]): boolean => {
      const given = parts(registered, ...events);
      const client = findClient(given, 'a1');
      return client !== undefined && isServed(given, client);
    };
    const suspended: DomainEvent = { type: 'ClientSuspended', ...of };
    expect(served()).toBe(true);
    expect(served(suspended)).toBe(false);
    expect(served(suspended, { type: 'ClientResumed', ...of })).toBe(true);
    expect(served({ type: 'TenantSuspended' })).toBe(false);
  });

  it('is not served, and no secret of it taken, once that is held and not in the ledger yet', () => {
    const deny = { tenant: 't1', untilMs: endless, hold: 'h' };
    const denied = (kind: AccessDenyKind, id: string) => {
      const given = parts(registered, made());
      given.view.early = new AccessDenies();
      given.view.early.add({ ...deny, kind, id });
      const client = findClient(given, 'a1');
      return [client && isServed(given, client), verifyClientSecret(given, 'a1', text())];
    };
    expect(denied('CLIENT', 'a2')).toEqual([true, good]);
    expect(denied('CLIENT', 'a1')).toEqual([false, undefined]);
    expect(denied('TENANT', 't1')).toEqual([false, undefined]);
    expect(denied('CREDENTIAL', 'c1')).toEqual([true, undefined]);
  });

  // What the token endpoint remembers of a client is good while the ledger stands still.
  it('is forgotten by who remembers it when that is held, and when it is lifted', () => {
    const given = parts(registered, made());
    const early = new AccessDenies();
    given.view.early = early;
    const { state } = given.ledger;
    const ledger = { state, fold: { view: given.view, early }, reader: { position: 3 } };
    const clock = { wallMs: () => nowMs, monotonicMs: () => 0 };
    const oauth = new OauthClients({ ledger, clock } as unknown as IdentityParts);
    const found = () => [oauth.find('a1')?.client, oauth.secretOf({ client: 'a1' }, text())];
    expect(found()).toEqual(['a1', 'c1']);
    early.add({ tenant: 't1', kind: 'CREDENTIAL', id: 'c1', untilMs: endless, hold: 'h1' });
    expect(found()).toEqual(['a1', undefined]);
    early.add({ tenant: 't1', kind: 'CLIENT', id: 'a1', untilMs: endless, hold: 'h2' });
    expect(found()).toEqual([undefined, undefined]);
    for (const hold of ['h1', 'h2']) early.lift(hold, 3);
    early.settle(3);
    expect(found()).toEqual(['a1', 'c1']);
  });

  it('is redirected to where it registered', () => {
    const client = findClient(parts(registered), 'a1');
    if (client === undefined) throw new Error('no client');
    expect(mayRedirectTo(client, 'https://shop.example/cb')).toBe(true);
    expect(mayRedirectTo(client, 'https://shop.example/cb/')).toBe(false);
  });
});

describe('the secret of a client', () => {
  it('is any of its own, and nothing else', () => {
    const two = parts(registered, made(), made(second));
    expect(verifyClientSecret(two, 'a1', text())).toEqual(good);
    expect(verifyClientSecret(two, 'a1', text(second))).toEqual({ credential: 'c2' });
    const short = text().slice(0, -1);
    const flipped = `${short}${text().endsWith('0') ? '1' : '0'}`;
    for (const wrong of ['', 'lgcs_', short, flipped, `${text()} `, text(foreign)]) {
      expect([wrong, verifyClientSecret(two, 'a1', wrong)]).toEqual([wrong, undefined]);
    }
    expect(verifyClientSecret(two, 'a2', text())).toBe(undefined);
    expect(verifyClientSecret(parts(registered), 'a1', '')).toBe(undefined);
  });

  it('is of one client: another client with another secret is not authenticated by it', () => {
    const other = { ...registered, client: 'a2', principal: 's2' };
    const both = parts(registered, made(), other);
    expect(verifyClientSecret(both, 'a2', text())).toBe(undefined);
  });

  it('ends with its expiry, its overlap, its removal, a block', () => {
    const verified = (...events: DomainEvent[]) =>
      verifyClientSecret(parts(registered, ...events), 'a1', text());
    expect(verified(made(first, { expiresAtMs: nowMs + 1 }))).toEqual(good);
    expect(verified(made(first, { expiresAtMs: nowMs }))).toBe(undefined);
    const over = (overlapUntilMs: number) => made(second, { replaces: 'c1', overlapUntilMs });
    expect(verified(made(), over(nowMs + 1))).toEqual(good);
    expect(verified(made(), over(nowMs))).toBe(undefined);
    const removed: DomainEvent = {
      type: 'CredentialRemoved',
      principal: 's1',
      credential: 'c1',
      kind: 'CLIENT_SECRET',
      client: 'a1',
      cause: 'ADMIN',
    };
    expect(verified(made(), removed)).toBe(undefined);
    const block = { principal: 's1', credential: 'c1' };
    const blocked: DomainEvent = { type: 'CredentialBlocked', ...block, cause: 'COMPROMISE' };
    expect(verified(made(), blocked)).toBe(undefined);
    expect(verified(made(), blocked, { type: 'CredentialUnblocked', ...block })).toEqual(good);
    expect(verified(made(), { type: 'ClientSuspended', ...of })).toBe(undefined);
    expect(verified(made(), { type: 'ClientDeleted', ...of })).toBe(undefined);
  });

  it('from before a restore is dead', () => {
    const restored = parts(registered, made());
    restored.view.open(2, 3);
    expect(verifyClientSecret(restored, 'a1', text())).toBe(undefined);
  });

  it('is not asked of clients that authenticate otherwise', () => {
    const keyed = { ...settings, authMethod: 'tls_client_auth' } as const;
    const changed: DomainEvent = { type: 'ClientChanged', ...of, settings: keyed };
    expect(verifyClientSecret(parts(registered, made(), changed), 'a1', text())).toBe(undefined);
  });
});

describe('the certificate of a client', () => {
  const identity = 'spiffe://example.org/shop';
  const bound = (principal: string): DomainEvent => ({
    type: 'CertificateBound',
    principal,
    credential: 'k1',
    name: 'Shop',
    kind: 'SPIFFE',
    identity,
    expiresAtMs: nowMs + 1,
  });
  const tls = {
    ...registered,
    settings: { ...settings, authMethod: 'tls_client_auth' },
  } as DomainEvent;
  const certificate = { kind: 'SPIFFE', identity } as const;

  it('is one of its service account, of a client that uses them', () => {
    expect(verifyClientCertificate(parts(tls, bound('s1')), 'a1', certificate)).toEqual({
      credential: 'k1',
    });
    for (const events of [[tls], [tls, bound('s2')], [registered, bound('s1')]]) {
      expect(verifyClientCertificate(parts(...events), 'a1', certificate)).toBe(undefined);
    }
    const expired = { ...bound('s1'), expiresAtMs: nowMs } as DomainEvent;
    expect(verifyClientCertificate(parts(tls, expired), 'a1', certificate)).toBe(undefined);
    const other = { kind: 'SPKI', identity } as const;
    expect(verifyClientCertificate(parts(tls, bound('s1')), 'a1', other)).toBe(undefined);
  });
});

describe('consent', () => {
  const question = { tenant: 't1', principal: 'p1', client: 'a1' };
  const consent = (over: object = {}): DomainEvent => ({
    type: 'ConsentGiven',
    principal: 'p1',
    client: 'a1',
    scopes: ['openid'],
    audience: '',
    ...over,
  });
  const scope = (name: string, consentRequired: boolean): DomainEvent => ({
    type: 'ScopeDefined',
    scope: name,
    description: '',
    permissions: [],
    consentRequired,
  });
  const scopes = [scope('orders', true), scope('quiet', false)];
  const asked = ['openid', 'orders', 'quiet', 'a:b'];

  it('is asked for what was not given, and needs it', () => {
    const toAsk = (...events: DomainEvent[]) =>
      scopesToAsk(parts(registered, ...scopes, ...events), question, asked);
    expect(toAsk()).toEqual(['openid', 'orders', 'a:b']);
    expect(toAsk(consent())).toEqual(['orders', 'a:b']);
    expect(toAsk(consent({ scopes: asked }))).toEqual([]);
    expect(toAsk(consent({ expiresAtMs: nowMs }))).toEqual(['openid', 'orders', 'a:b']);
    const withdrawn: DomainEvent = { type: 'ConsentWithdrawn', principal: 'p1', client: 'a1' };
    expect(toAsk(consent(), withdrawn)).toEqual(['openid', 'orders', 'a:b']);
    expect(findConsent(parts(registered, consent(), withdrawn), question)).toBe(undefined);
  });

  it('is not asked for by clients of the tenant itself', () => {
    const own = { ...settings, firstParty: true };
    const changed: DomainEvent = { type: 'ClientChanged', ...of, settings: own };
    expect(scopesToAsk(parts(registered, changed), question, asked)).toEqual([]);
  });

  it('of one principal for one client says nothing of others', () => {
    const given = parts(registered, consent());
    for (const other of [
      { ...question, principal: 'p2' },
      { ...question, client: 'a2' },
      { ...question, tenant: 't2' },
    ]) {
      expect(findConsent(given, other)).toBe(undefined);
    }
  });
});
