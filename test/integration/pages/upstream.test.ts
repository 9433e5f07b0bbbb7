import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { UpstreamServiceService as Upstreams } from '#proto/ledgate/identity/v1/upstream.js';
import { generateSync } from 'otplib';
import { arrive, leave, sessionOf, UpstreamCell } from '../../support/oauth/upstream-cell.js';

let up: UpstreamCell;
beforeAll(async () => {
  up = await UpstreamCell.start();
});
afterAll(() => up.stop());
beforeEach(() => up.calm());

describe('a person whom a provider vouches for', () => {
  it('sees the provider on the login page, and gets an account where the tenant wants it', async () => {
    const browser = up.browser();
    const login = await arrive(browser, '/t/acme/login');
    expect(login.html).toContain('/t/acme/upstream/corp');
    expect(login.html).toContain('The corp');
    up.corp.people.set('ann', { email: 'ann@corp.example', email_verified: true, name: 'Ann' });
    const page = await up.viaCorp(browser, 'ann');
    expect(page.url.pathname).toBe('/t/acme/account');
    const { sessions } = await up.ownSessions(browser);
    expect(sessions).toMatchObject([{ amr: ['fed'], acr: 'urn:ledgate:acr:1' }]);
  });

  it('is the same principal the next time, whatever the address is then', async () => {
    const [first, second] = [up.browser(), up.browser()];
    up.corp.people.set('ben', { email: 'ben@corp.example', email_verified: true });
    await up.viaCorp(first, 'ben');
    up.corp.people.set('ben', { email: 'other@corp.example', email_verified: false });
    const page = await up.viaCorp(second, 'ben');
    expect(page.url.pathname).toBe('/t/acme/account');
    expect((await up.ownSessions(second)).sessions).toHaveLength(2);
  });

  it('gets no account by an address that is not verified', async () => {
    const browser = up.browser();
    up.corp.people.set('cat', { email: 'cat@corp.example', email_verified: false });
    expect((await up.viaCorp(browser, 'cat')).status).toBe(403);
    expect(sessionOf(browser)).toBe('');
  });

  it('is not linked by an address that only the provider has verified', async () => {
    const browser = up.browser();
    const email = 'dan@corp.example';
    const profile = { displayName: 'Dan', locale: '' };
    await up.cell.world.call(Principals.createUser, { email, profile }, up.cell.tenant.admin);
    up.corp.people.set('dan', { email, email_verified: true });
    expect((await up.viaCorp(browser, 'dan')).status).toBe(403);
    expect(sessionOf(browser)).toBe('');
  });

  it('is linked by an address that is verified on both sides', async () => {
    const ann = { email: 'ann@corp.example', email_verified: true, sub: 'ann-too' };
    up.hostile.says = { ...ann, email_verified: false };
    expect((await up.viaEvil()).page.status).toBe(403);
    up.hostile.says = ann;
    const { page, browser } = await up.viaEvil();
    expect(page.url.pathname).toBe('/t/acme/account');
    const { identities } = await up.cell.world.call(
      Upstreams.listExternalIdentities,
      {},
      sessionOf(browser),
    );
    expect(identities.map(({ provider }) => provider).sort()).toEqual(['corp', 'evil']);
  });

  it('answers a second factor, and is not linked to an account that has one', async () => {
    const browser = up.browser();
    up.corp.people.set('eve', { email: 'eve@corp.example', email_verified: true });
    await up.viaCorp(browser, 'eve');
    const token = sessionOf(browser);
    const { ticket, seed } = await up.cell.world.call(Factors.startTotp, {}, token);
    const code = generateSync({ secret: seed });
    await up.cell.world.call(Factors.confirmTotp, { ticket, code }, token);
    const again = up.browser();
    const page = await up.viaCorp(again, 'eve');
    expect(page.html).toContain('name="answer"');
    expect(sessionOf(again)).toBe('');
    up.hostile.says = { email: 'eve@corp.example', email_verified: true, sub: 'eve-too' };
    expect((await up.viaEvil()).page.status).toBe(403);
  });

  it('is logged out everywhere when the identity is unlinked', async () => {
    const browser = up.browser();
    up.corp.people.set('fay', { email: 'fay@corp.example', email_verified: true });
    await up.viaCorp(browser, 'fay');
    const token = sessionOf(browser);
    const { identities } = await up.cell.world.call(Upstreams.listExternalIdentities, {}, token);
    const [{ identityId } = { identityId: '' }] = identities;
    await expect(
      up.cell.world.call(Upstreams.unlinkExternalIdentity, { identityId }, token),
    ).rejects.toThrow('the last way to log in');
    const { sessions } = await up.ownSessions(browser);
    const principalId = sessions[0]?.principalId ?? '';
    const unlink = { identityId, principalId };
    await up.cell.world.call(Upstreams.unlinkExternalIdentity, unlink, up.cell.tenant.admin);
    await expect(up.ownSessions(browser)).rejects.toThrow('not accepted');
  });
});

describe('what a provider did counts as two factors where its tenant says so', () => {
  const acr = async (says: Record<string, unknown>, email = 'ivo@corp.example') => {
    up.hostile.says = { sub: email, email, email_verified: true, ...says };
    const { browser, page } = await up.viaEvil();
    expect(page.url.pathname).toBe('/t/acme/account');
    const { sessions } = await up.ownSessions(browser);
    const { acr: level, amr } =
      sessions.toSorted((a, b) => Number(b.startedAtMs - a.startedAtMs))[0] ?? {};
    return [level, amr];
  };
  const one = ['urn:ledgate:acr:1', ['fed']];
  const two = ['urn:ledgate:acr:2', ['fed', 'mfa']];
  const claims = { acr: 'urn:corp:two', amr: ['pwd', 'hwk'] };

  it('one factor where it does not', async () => {
    await up.set('evil', { issuer: up.hostile.issuer, makesAccounts: true });
    expect(await acr(claims)).toEqual(one);
  });

  it('by acr, which is asked for, or by any of amr', async () => {
    const mapped = { issuer: up.hostile.issuer, makesAccounts: true };
    await up.set('evil', { ...mapped, twoFactorAcrs: ['urn:corp:two'] });
    const asked = (await leave(up.browser(), 'evil')).searchParams.get('acr_values');
    expect(asked).toBe('urn:corp:two');
    expect(await acr(claims)).toEqual(two);
    expect(await acr({ ...claims, acr: 'urn:corp:one' })).toEqual(one);
    expect(await acr({ acr: ['urn:corp:two'] })).toEqual(one);
    await up.set('evil', { ...mapped, twoFactorAmrs: ['mfa', 'hwk'] });
    expect(await acr(claims)).toEqual(two);
    for (const amr of ['hwk', ['pwd'], [['hwk']], undefined]) {
      expect(await acr({ amr })).toEqual(one);
    }
  });

  it('an account that has a second factor here still answers it', async () => {
    await up.set('evil', {
      issuer: up.hostile.issuer,
      makesAccounts: true,
      twoFactorAmrs: ['mfa'],
    });
    up.hostile.says = { sub: 'jo', email: 'jo@corp.example', email_verified: true, amr: ['mfa'] };
    const { browser } = await up.viaEvil();
    const token = sessionOf(browser);
    const { ticket, seed } = await up.cell.world.call(Factors.startTotp, {}, token);
    const code = generateSync({ secret: seed });
    await up.cell.world.call(Factors.confirmTotp, { ticket, code }, token);
    const again = await up.viaEvil();
    expect(again.page.html).toContain('name="answer"');
    expect(sessionOf(again.browser)).toBe('');
  });
});
