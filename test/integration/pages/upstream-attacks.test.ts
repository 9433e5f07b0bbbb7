import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { createLogger } from '#libs/runtime/log.js';
import { arrive, leave, sessionOf, UpstreamCell } from '../../support/oauth/upstream-cell.js';

let up: UpstreamCell;
const logged: string[] = [];
beforeAll(async () => {
  const destination = { write: (line: string) => void logged.push(line) };
  const logger = createLogger({ service: 'identity', level: 'trace', destination });
  up = await UpstreamCell.start({}, { logger });
  const ann = { email: 'ann@corp.example', email_verified: true };
  up.corp.people.set('ann', ann);
  await up.viaCorp(up.browser(), 'ann');
  up.hostile.says = { ...ann, sub: 'ann-too' };
  await up.viaEvil();
});
afterAll(() => up.stop());
beforeEach(() => up.calm());

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
    up.hostile.says = { email: 'ann@corp.example', email_verified: true, sub: 'ann-too', ...says };
    const { page, browser } = await up.viaEvil();
    expect(page.status).toBe(422);
    expect(sessionOf(browser)).toBe('');
  });

  it('is refused when a key has signed it that the provider does not serve', async () => {
    Object.assign(up.hostile, { says: { sub: 'ann-too' }, forges: true });
    expect((await up.viaEvil()).page.status).toBe(422);
  });

  it.each([
    ['of another state', { state: 'another' }],
    ['of another provider (RFC 9207)', { iss: 'https://other.example' }],
  ])('is not even redeemed: %s', async (_, change) => {
    const before = up.hostile.redeemed.length;
    expect((await up.viaEvil(change)).page.status).toBe(422);
    expect(up.hostile.redeemed).toHaveLength(before);
  });

  it('counts once, and in the browser that asked', async () => {
    up.hostile.says = { sub: 'ann-too' };
    const browser = up.browser();
    const kept = browser.clone();
    const location = await leave(browser, 'evil');
    kept.setCookie('ledgate_upstream', browser.cookie('ledgate_upstream') ?? '');
    const back = up.backFromEvil(location);
    expect((await arrive(up.browser(), back)).status).toBeGreaterThanOrEqual(400);
    expect((await arrive(browser, back)).url.pathname).toBe('/t/acme/account');
    // Whoever kept cookie and answer, at a provider that takes a code twice.
    expect((await arrive(kept, back)).status).toBe(422);
    expect(sessionOf(kept)).toBe('');
  });

  it('is refused when the provider was disabled meanwhile', async () => {
    up.hostile.says = { sub: 'ann-too' };
    const browser = up.browser();
    const back = up.backFromEvil(await leave(browser, 'evil'));
    await up.set('evil', { issuer: up.hostile.issuer, enabled: false });
    expect((await arrive(browser, back)).status).toBe(422);
    expect((await arrive(browser, '/t/acme/upstream/evil')).status).toBe(404);
    await up.set('evil', { issuer: up.hostile.issuer });
  });

  it('is not even redeemed: nobody was logged in over there', async () => {
    const before = up.hostile.redeemed.length;
    const { page, browser } = await up.viaEvil({ code: '', error: 'access_denied' });
    expect(page.status).toBe(422);
    expect(page.html).toContain('did not work');
    expect(up.hostile.redeemed).toHaveLength(before);
    expect(sessionOf(browser)).toBe('');
  });

  it('is refused when its subject could be two (OpenID Connect Core, section 2)', async () => {
    for (const sub of ['\ud800', 'ann\u0000', 'änn', 'x'.repeat(256)]) {
      up.hostile.says = { sub };
      expect([sub, (await up.viaEvil()).page.status]).toEqual([sub, 422]);
    }
  });

  it.each([-1e300, 1e300, 12.5, '1', null])('says when with nonsense: %s', async (auth_time) => {
    up.hostile.says = { sub: 'ann-too', auth_time };
    expect((await up.viaEvil()).page.url.pathname).toBe('/t/acme/account');
  });
});

describe('mix-up (RFC 9700, 4.4)', () => {
  it('what an honest provider answers never goes to the one that began it', async () => {
    const browser = up.browser();
    const begun = await leave(browser, 'evil');
    const honest = await leave(browser.clone(), 'corp');
    // The hostile provider sends the browser on to the honest one, as the request of ours that it knows.
    for (const name of ['state', 'nonce', 'code_challenge']) {
      honest.searchParams.set(name, begun.searchParams.get(name) ?? '');
    }
    const redeemed = up.hostile.redeemed.length;
    const answered = new URL(await up.corp.authorize(honest.href, 'ann'));
    expect(answered.pathname).toBe('/t/acme/upstream/corp/callback');
    expect(answered.searchParams.get('code')).not.toBeNull();
    // Many providers do not name themselves.
    answered.searchParams.delete('iss');
    expect((await arrive(browser, answered)).status).toBe(422);
    expect(up.hostile.redeemed).toHaveLength(redeemed);
  });

  it('the honest provider takes no way back of another', async () => {
    const begun = await leave(up.browser(), 'evil');
    const honest = await leave(up.browser(), 'corp');
    honest.searchParams.set('redirect_uri', begun.searchParams.get('redirect_uri') ?? '');
    expect(await up.corp.authorize(honest.href, 'ann')).toBe('');
  });
});

describe('a visit to a provider', () => {
  it('is for the page that it was begun at', async () => {
    up.hostile.says = { sub: 'ann-too' };
    const browser = up.browser();
    const location = await leave(browser, 'evil', '?interaction=one');
    const query = new URL(up.backFromEvil(location)).search;
    const before = up.hostile.redeemed.length;
    expect((await arrive(browser, `/t/acme/login/upstream${query}`)).status).toBe(422);
    expect(up.hostile.redeemed).toHaveLength(before);
  });

  it('is begun by a person, not by a page of somebody else (login CSRF)', async () => {
    const url = `${up.cell.issuer}/t/acme/upstream/evil`;
    const begin = (site: string) =>
      fetch(url, { redirect: 'manual', headers: { 'sec-fetch-site': site } });
    for (const site of ['cross-site', 'same-site']) {
      const answer = await begin(site);
      expect(answer.headers.get('location')).toBe('/t/acme/login');
      expect(answer.headers.getSetCookie().join()).not.toContain('ledgate_upstream');
    }
    const own = await begin('same-origin');
    expect(own.headers.get('location')).toContain(up.hostile.issuer);
  });

  it('is of no tenant that is not there', async () => {
    const browser = up.browser();
    expect((await arrive(browser, '/t/nobody/upstream/evil')).status).toBe(404);
    const back = new URL(up.backFromEvil(await leave(browser, 'evil')));
    back.pathname = '/t/nobody/upstream/evil/callback';
    expect((await arrive(browser, back)).status).toBe(404);
  });

  it('gives nothing to whoever is suspended', async () => {
    const browser = up.browser();
    up.corp.people.set('sue', { email: 'sue@corp.example', email_verified: true });
    await up.viaCorp(browser, 'sue');
    const { sessions } = await up.ownSessions(browser);
    const principalId = sessions[0]?.principalId ?? '';
    const { world, tenant } = up.cell;
    await world.call(Principals.suspendPrincipal, { principalId }, tenant.admin);
    const again = up.browser();
    expect((await up.viaCorp(again, 'sue')).status).toBe(422);
    expect(sessionOf(again)).toBe('');
  });
});

describe('what is secret between us and a provider', () => {
  it('is in no log line, whatever goes wrong over there', async () => {
    const secret = 'a secret that nobody should ever read';
    await up.set('evil', { issuer: up.hostile.issuer }, secret);
    const hidden = [secret, encodeURIComponent(secret).replaceAll('%20', '+')];
    for (const answer of [{ status: 500 }, { status: 400 }, { text: 'no JSON' }, {}]) {
      up.hostile.says = { sub: 'ann-too' };
      up.hostile.token = answer;
      const code = `code-${Math.random().toString(36).slice(2)}-of-theirs`;
      const browser = up.browser();
      const location = await leave(browser, 'evil');
      hidden.push(code, browser.cookie('ledgate_upstream') ?? '', location.search);
      for (const name of ['state', 'nonce']) hidden.push(location.searchParams.get(name) ?? '');
      await arrive(browser, up.backFromEvil(location, { code }));
    }
    up.hostile.token = {};
    hidden.push(Buffer.from(`us:${hidden[1] ?? ''}`).toString('base64'), ...up.hostile.issued);
    expect(up.hostile.shown).toContain(
      `Basic ${Buffer.from(`us:${hidden[1]}`).toString('base64')}`,
    );
    const lines = logged.join('\n');
    expect(lines).toContain('a provider that people log in at cannot be used');
    expect(hidden.filter((text) => text.length > 8 && lines.includes(text))).toEqual([]);
  });
});
