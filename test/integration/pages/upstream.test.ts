import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { UpstreamServiceService as Upstreams } from '#proto/ledgate/identity/v1/upstream.js';
import { generateSync } from 'otplib';
import { Browser, type Page } from '../../support/oauth/browser.js';
import {
  startHostileProvider,
  type HostileProvider,
} from '../../support/oauth/hostile-provider.js';
import { startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';
import { startRealProvider, type RealProvider } from '../../support/oauth/real-provider.js';

let cell: OauthCell;
let corp: RealProvider;
let hostile: HostileProvider;

beforeAll(async () => {
  cell = await startOauthCell('acme', { upstreamPrivate: true });
  corp = await startRealProvider(`${cell.issuer}/upstream/callback`);
  hostile = await startHostileProvider();
  await set('corp', { issuer: corp.issuer, makesAccounts: true }, corp.secret);
  await set('evil', { issuer: hostile.issuer });
});
afterAll(async () => {
  await Promise.all([cell.stop(), corp.close(), hostile.close()]);
});
beforeEach(() => Object.assign(hostile, { says: {}, discovery: {}, forges: false }));

interface Change {
  readonly issuer: string;
  readonly enabled?: boolean;
  readonly makesAccounts?: boolean;
}

function set(provider: string, change: Change, clientSecret = '') {
  const scopes = ['openid', 'email', 'profile'];
  const given = { provider, displayName: `The ${provider}`, clientId: 'us', scopes };
  const whole = { enabled: true, makesAccounts: false, hasSecret: false, ...given, ...change };
  const request = { provider: whole, clientSecret };
  return cell.world.call(Upstreams.setUpstreamProvider, request, cell.tenant.admin);
}

/** Out to a provider: where the browser is sent. */
async function leave(browser: Browser, provider: string): Promise<URL> {
  const location = await browser.open(`/t/acme/upstream/${provider}`);
  if (!(location instanceof URL)) throw new Error(`not sent anywhere: ${location.status}`);
  return location;
}

async function arrive(browser: Browser, url: URL | string): Promise<Page> {
  const page = await browser.open(url);
  if (page instanceof URL) throw new Error(`sent on to ${page.href}`);
  return page;
}

async function viaCorp(browser: Browser, subject: string): Promise<Page> {
  const location = await leave(browser, 'corp');
  return arrive(browser, await corp.authorize(location.href, subject));
}

/** The answer of the hostile provider, with what a test changes. */
async function viaHostile(change: Record<string, string> = {}, browser = new Browser(cell.issuer)) {
  const location = await leave(browser, 'evil');
  const { state = '', nonce = '' } = Object.fromEntries(location.searchParams);
  hostile.nonce = nonce;
  const query = new URLSearchParams({ code: 'c', state, iss: hostile.issuer, ...change });
  const back = `${cell.issuer}/upstream/callback?${query.toString()}`;
  return { browser, back, page: await arrive(browser, back) };
}

const sessionOf = (browser: Browser): string => browser.cookie('ledgate') ?? '';

function ownSession(browser: Browser) {
  return cell.world.call(Sessions.listSessions, {}, sessionOf(browser));
}

describe('a person whom a provider vouches for', () => {
  it('sees the provider on the login page, and gets an account where the tenant wants it', async () => {
    const browser = new Browser(cell.issuer);
    const login = await arrive(browser, '/t/acme/login');
    expect(login.html).toContain('/t/acme/upstream/corp');
    expect(login.html).toContain('The corp');
    corp.people.set('ann', { email: 'ann@corp.example', email_verified: true, name: 'Ann' });
    const page = await viaCorp(browser, 'ann');
    expect(page.url.pathname).toBe('/t/acme/account');
    const { sessions } = await ownSession(browser);
    expect(sessions).toMatchObject([{ amr: ['fed'], acr: 'urn:ledgate:acr:1' }]);
  });

  it('is the same principal the next time, whatever the address is then', async () => {
    const [first, second] = [new Browser(cell.issuer), new Browser(cell.issuer)];
    corp.people.set('ben', { email: 'ben@corp.example', email_verified: true });
    await viaCorp(first, 'ben');
    corp.people.set('ben', { email: 'other@corp.example', email_verified: false });
    const page = await viaCorp(second, 'ben');
    expect(page.url.pathname).toBe('/t/acme/account');
    expect((await ownSession(second)).sessions).toHaveLength(2);
  });

  it('gets no account by an address that is not verified', async () => {
    const browser = new Browser(cell.issuer);
    corp.people.set('cat', { email: 'cat@corp.example', email_verified: false });
    expect((await viaCorp(browser, 'cat')).status).toBe(403);
    expect(sessionOf(browser)).toBe('');
  });

  it('is not linked by an address that only the provider has verified', async () => {
    const browser = new Browser(cell.issuer);
    const email = 'dan@corp.example';
    const profile = { displayName: 'Dan', locale: '' };
    await cell.world.call(Principals.createUser, { email, profile }, cell.tenant.admin);
    corp.people.set('dan', { email, email_verified: true });
    expect((await viaCorp(browser, 'dan')).status).toBe(403);
    expect(sessionOf(browser)).toBe('');
  });

  it('is linked by an address that is verified on both sides', async () => {
    const ann = { email: 'ann@corp.example', email_verified: true, sub: 'ann-too' };
    hostile.says = { ...ann, email_verified: false };
    expect((await viaHostile()).page.status).toBe(403);
    hostile.says = ann;
    const { page, browser } = await viaHostile();
    expect(page.url.pathname).toBe('/t/acme/account');
    const { identities } = await cell.world.call(
      Upstreams.listExternalIdentities,
      {},
      sessionOf(browser),
    );
    expect(identities.map(({ provider }) => provider).sort()).toEqual(['corp', 'evil']);
  });

  it('answers a second factor, and is not linked to an account that has one', async () => {
    const browser = new Browser(cell.issuer);
    corp.people.set('eve', { email: 'eve@corp.example', email_verified: true });
    await viaCorp(browser, 'eve');
    const token = sessionOf(browser);
    const { ticket, seed } = await cell.world.call(Factors.startTotp, {}, token);
    const code = generateSync({ secret: seed });
    await cell.world.call(Factors.confirmTotp, { ticket, code }, token);
    const again = new Browser(cell.issuer);
    const page = await viaCorp(again, 'eve');
    expect(page.html).toContain('name="answer"');
    expect(sessionOf(again)).toBe('');
    hostile.says = { email: 'eve@corp.example', email_verified: true, sub: 'eve-too' };
    expect((await viaHostile()).page.status).toBe(403);
  });

  it('is logged out everywhere when the identity is unlinked', async () => {
    const browser = new Browser(cell.issuer);
    corp.people.set('fay', { email: 'fay@corp.example', email_verified: true });
    await viaCorp(browser, 'fay');
    const token = sessionOf(browser);
    const { identities } = await cell.world.call(Upstreams.listExternalIdentities, {}, token);
    const [{ identityId } = { identityId: '' }] = identities;
    await expect(
      cell.world.call(Upstreams.unlinkExternalIdentity, { identityId }, token),
    ).rejects.toThrow('the last way to log in');
    const { sessions } = await ownSession(browser);
    const principalId = sessions[0]?.principalId ?? '';
    const unlink = { identityId, principalId };
    await cell.world.call(Upstreams.unlinkExternalIdentity, unlink, cell.tenant.admin);
    await expect(ownSession(browser)).rejects.toThrow('not accepted');
  });
});

describe('an answer that proves nothing', () => {
  it.each([
    ['another nonce', { nonce: 'another' }],
    ['another issuer', { iss: 'https://other.example' }],
    ['another audience', { aud: 'them' }],
    ['another authorized party', { aud: ['us', 'them'], azp: 'them' }],
    ['several audiences without a party', { aud: ['us', 'them'] }],
    ['an ID token that is over', { exp: 1 }],
    ['an ID token that was kept', { iat: 1 }],
    ['no subject', { sub: '' }],
  ])('is refused: %s', async (_, says) => {
    hostile.says = { email: 'ann@corp.example', email_verified: true, sub: 'ann-too', ...says };
    const { page, browser } = await viaHostile();
    expect(page.status).toBe(422);
    expect(sessionOf(browser)).toBe('');
  });

  it('is refused when a key has signed it that the provider does not serve', async () => {
    Object.assign(hostile, { says: { sub: 'ann-too' }, forges: true });
    expect((await viaHostile()).page.status).toBe(422);
  });

  it.each([
    ['of another state', { state: 'another' }],
    ['of another provider (RFC 9207)', { iss: 'https://other.example' }],
  ])('is not even redeemed: %s', async (_, change) => {
    const before = hostile.redeemed.length;
    expect((await viaHostile(change)).page.status).toBe(422);
    expect(hostile.redeemed).toHaveLength(before);
  });

  it('counts once, and in the browser that asked', async () => {
    hostile.says = { sub: 'ann-too' };
    const browser = new Browser(cell.issuer);
    const kept = browser.clone();
    const location = await leave(browser, 'evil');
    const cookie = browser.cookie('ledgate_upstream') ?? '';
    kept.setCookie('ledgate_upstream', cookie);
    const { state = '', nonce = '' } = Object.fromEntries(location.searchParams);
    hostile.nonce = nonce;
    const query = new URLSearchParams({ code: 'c', state, iss: hostile.issuer });
    const back = `${cell.issuer}/upstream/callback?${query.toString()}`;
    expect((await arrive(new Browser(cell.issuer), back)).status).toBeGreaterThanOrEqual(400);
    expect((await arrive(browser, back)).url.pathname).toBe('/t/acme/account');
    // Whoever kept cookie and answer, at a provider that takes a code twice.
    expect((await arrive(kept, back)).status).toBe(422);
    expect(sessionOf(kept)).toBe('');
  });

  it('is refused when the provider was disabled meanwhile', async () => {
    hostile.says = { sub: 'ann-too' };
    const browser = new Browser(cell.issuer);
    const location = await leave(browser, 'evil');
    await set('evil', { issuer: hostile.issuer, enabled: false });
    const { state = '' } = Object.fromEntries(location.searchParams);
    const query = new URLSearchParams({ code: 'c', state, iss: hostile.issuer });
    const back = `${cell.issuer}/upstream/callback?${query.toString()}`;
    expect((await arrive(browser, back)).status).toBe(422);
    expect((await arrive(browser, '/t/acme/upstream/evil')).status).toBe(404);
    await set('evil', { issuer: hostile.issuer });
  });
});
