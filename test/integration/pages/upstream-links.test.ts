import { generateSync } from 'otplib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import { UpstreamServiceService as Upstreams } from '#proto/ledgate/identity/v1/upstream.js';
import type { Browser, Page } from '../../support/oauth/browser.js';
import { arrive, leave, sessionOf, UpstreamCell } from '../../support/oauth/upstream-cell.js';

let up: UpstreamCell;
beforeAll(async () => {
  up = await UpstreamCell.start();
});
afterAll(() => up.stop());
beforeEach(async () => {
  up.calm();
  await up.set('evil', { issuer: up.hostile.issuer, makesAccounts: true });
});

const nowS = (): number => Math.floor(Date.now() / 1000);
const account = (browser: Browser): Promise<Page> => arrive(browser, '/t/acme/account');

/** Somebody who has nothing but the provider. */
async function newcomer(sub: string, auth_time = nowS()): Promise<Browser> {
  up.hostile.says = { sub, email: `${sub}@corp.example`, email_verified: true, auth_time };
  const { browser, page } = await up.viaEvil();
  expect(page.url.pathname).toBe('/t/acme/account');
  return browser;
}

/** The form, and where it leads. */
async function connect(browser: Browser, provider = 'evil'): Promise<URL> {
  const page = await browser.submit(await account(browser), { provider });
  if (page instanceof URL) throw new Error('sent away by a form');
  const [, href = ''] = /<a class="button second" href="([^"]+)"/u.exec(page.html) ?? [];
  return new URL(href.replaceAll('&amp;', '&'));
}

async function connectAs(browser: Browser, sub: string): Promise<Page> {
  up.hostile.says = { sub };
  return arrive(browser, up.backFromEvil(await connect(browser)));
}

describe('linking by hand', () => {
  it('an account logs in by the provider from then on, until it is disconnected', async () => {
    const alice = await up.cell.browserOf('alice');
    const before = sessionOf(alice);
    const linked = await connectAs(alice, 'alice-there');
    expect(linked.html).toContain('Connected.');
    const elsewhere = (await up.viaEvil()).browser;
    const { sessions } = await up.ownSessions(elsewhere);
    expect(new Set(sessions.map(({ principalId }) => principalId))).toEqual(
      new Set([up.cell.users.alice]),
    );
    const whose = { principalId: up.cell.users.alice };
    const seen = await up.cell.world.call(
      Upstreams.listExternalIdentities,
      whose,
      up.cell.tenant.admin,
    );
    expect(seen.identities).toMatchObject([{ provider: 'evil', usable: true }]);
    const [{ identityId } = { identityId: '' }] = (await up.links(sessionOf(alice))).identities;
    const after = await alice.submit(await account(alice), { identity: identityId });
    expect((after as Page).html).toContain('Disconnected.');
    // Whoever came by it is out; whoever did it goes on under a new token.
    await expect(up.ownSessions(elsewhere)).rejects.toThrow('not accepted');
    expect(sessionOf(alice)).not.toBe(before);
    expect((await up.ownSessions(alice)).sessions).toHaveLength(1);
    // Nobody here belongs to that account any more.
    up.hostile.says = { sub: 'alice-there' };
    expect((await up.viaEvil()).page.status).toBe(403);
  });

  it('of an account that somebody else has linked is refused', async () => {
    await newcomer('mia');
    const bob = await up.cell.browserOf('bob');
    const page = await connectAs(bob, 'mia');
    expect([page.status, page.html.includes('connected already')]).toEqual([422, true]);
    expect((await up.links(sessionOf(bob))).identities).toEqual([]);
  });

  it('needs somebody who has proved it lately, before and after', async () => {
    const old = await newcomer('nina', nowS() - 3_600);
    const page = await old.submit(await account(old), { provider: 'corp' });
    expect((page as Page).url.pathname).toBe('/t/acme/account/confirm/account');
    expect(old.cookie('ledgate_upstream')).toBeUndefined();
  });

  it('is undone over gRPC by somebody who has proved it lately, too', async () => {
    const old = await newcomer('nora', nowS() - 3_600);
    const token = sessionOf(old);
    const [{ identityId } = { identityId: '' }] = (await up.links(token)).identities;
    const unlink = up.cell.world.call(Upstreams.unlinkExternalIdentity, { identityId }, token);
    await expect(unlink).rejects.toThrow('prove your strongest factor again');
  });

  it('is begun by a form of ours only', async () => {
    const bob = await up.cell.browserOf('bob');
    const form = new URLSearchParams({ provider: 'evil', csrf: 'x' });
    const page = await bob.open('/t/acme/account/links/connect', form);
    expect((page as Page).status).toBe(422);
    expect(bob.cookie('ledgate_upstream')).toBeUndefined();
  });

  it('is for the session that began it', async () => {
    const alice = await up.cell.browserOf('alice');
    up.hostile.says = { sub: 'zoe' };
    const back = up.backFromEvil(await connect(alice));
    const redeemed = up.hostile.redeemed.length;
    // The same browser, where somebody else has logged in meanwhile.
    const bob = await up.cell.browserOf('bob');
    alice.setCookie('ledgate', sessionOf(bob));
    expect((await arrive(alice, back)).status).toBe(422);
    // And another browser, which was handed the address.
    expect((await arrive(bob, back)).status).toBe(422);
    expect(up.hostile.redeemed).toHaveLength(redeemed);
    expect((await up.links(sessionOf(bob))).identities).toEqual([]);
  });

  it('logs nobody in, and no log-in links', async () => {
    const alice = await up.cell.browserOf('alice');
    up.hostile.says = { sub: 'yan' };
    const linking = new URL(up.backFromEvil(await connect(alice))).search;
    expect((await arrive(alice.clone(), `/t/acme/login/upstream${linking}`)).status).toBe(422);
    const login = new URL(up.backFromEvil(await leave(alice, 'evil'))).search;
    expect((await arrive(alice, `/t/acme/account/links/upstream${login}`)).status).toBe(422);
    expect((await up.links(sessionOf(alice))).identities).toEqual([]);
  });

  it('the last way to log in stays', async () => {
    const browser = await newcomer('ola');
    const [{ identityId } = { identityId: '' }] = (await up.links(sessionOf(browser))).identities;
    const page = await browser.submit(await account(browser), { identity: identityId });
    expect((page as Page).html).toContain('your only way to sign in');
    expect((await up.links(sessionOf(browser))).identities).toHaveLength(1);
  });
});

describe('somebody who has nothing but the provider proves it again there', () => {
  const confirm = '/t/acme/account/confirm/account';

  it('by being asked anew: the session goes on under a new token', async () => {
    const browser = await newcomer('pia', nowS() - 3_600);
    const before = sessionOf(browser);
    const page = await arrive(browser, confirm);
    expect(page.html).toContain('/t/acme/upstream/evil?confirm=account');
    expect(page.html).not.toContain('type="password"');
    const location = await leave(browser, 'evil', '?confirm=account');
    expect(location.searchParams.get('prompt')).toBe('login');
    expect(location.searchParams.get('max_age')).toBe('0');
    up.hostile.says = { ...up.hostile.says, auth_time: nowS() };
    const done = await arrive(browser, up.backFromEvil(location));
    expect(done.url.pathname).toBe('/t/acme/account');
    expect(sessionOf(browser)).not.toBe(before);
    const { sessions } = await up.ownSessions(browser);
    expect(sessions).toHaveLength(1);
    expect(Number(sessions[0]?.authTimeMs)).toBeGreaterThan(Date.now() - 120_000);
    // What was too old for it before is done now.
    expect((await connect(browser, 'corp')).origin).toBe(new URL(up.corp.issuer).origin);
  });

  it.each([
    ['does not say when', { auth_time: undefined }],
    ['did not ask again', { auth_time: 1_000 }],
    ['asked somebody else', { sub: 'somebody else', email_verified: false }],
  ])('not where the provider %s', async (_, change) => {
    const browser = await newcomer('quin');
    const before = sessionOf(browser);
    const location = await leave(browser, 'evil', '?confirm=account');
    up.hostile.says = { ...up.hostile.says, auth_time: nowS(), ...change };
    expect((await arrive(browser, up.backFromEvil(location))).status).toBe(422);
    expect(sessionOf(browser)).toBe(before);
  });

  it('not by a log-in that was begun for something else, nor twice', async () => {
    const browser = await newcomer('rosa');
    const login = new URL(up.backFromEvil(await leave(browser, 'evil'))).search;
    expect((await arrive(browser, `${confirm}/step-up/upstream${login}`)).status).toBe(422);
    const location = await leave(browser, 'evil', '?confirm=account');
    up.hostile.says = { ...up.hostile.says, auth_time: nowS() };
    const back = up.backFromEvil(location);
    const cookie = browser.cookie('ledgate_upstream') ?? '';
    await arrive(browser, back);
    const token = sessionOf(browser);
    browser.setCookie('ledgate_upstream', cookie);
    expect((await arrive(browser, back)).status).toBe(422);
    expect(sessionOf(browser)).toBe(token);
  });

  it('not where the account has a second factor', async () => {
    const browser = await newcomer('sven');
    const token = sessionOf(browser);
    const location = await leave(browser, 'evil', '?confirm=account');
    const { ticket, seed } = await up.cell.world.call(Factors.startTotp, {}, token);
    const code = generateSync({ secret: seed });
    await up.cell.world.call(Factors.confirmTotp, { ticket, code }, token);
    up.hostile.says = { ...up.hostile.says, auth_time: nowS() };
    const page = await arrive(browser, up.backFromEvil(location));
    expect([page.status, page.html.includes('upstream/evil')]).toEqual([422, false]);
    expect(sessionOf(browser)).toBe(token);
  });

  it('two factors where its tenant counts it as two', async () => {
    const browser = await newcomer('tess');
    const mapped = { issuer: up.hostile.issuer, twoFactorAmrs: ['mfa'] };
    await up.set('evil', mapped);
    const location = await leave(browser, 'evil', '?confirm=account');
    up.hostile.says = { ...up.hostile.says, auth_time: nowS(), amr: ['mfa'] };
    await arrive(browser, up.backFromEvil(location));
    const { sessions } = await up.ownSessions(browser);
    expect(sessions).toMatchObject([{ acr: 'urn:ledgate:acr:2', amr: ['fed', 'mfa'] }]);
  });
});
