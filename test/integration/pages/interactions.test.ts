import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FactorKind } from '#proto/ledgate/identity/v1/login.js';
import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import {
  FactorDemand,
  TenantServiceService as Tenants,
} from '#proto/ledgate/identity/v1/tenant.js';
import type { OutboxMessage } from '#services/identity/adapters/delivery/dev-outbox.js';
import type { Browser, Page } from '../../support/oauth/browser.js';
import { callback, type RegisteredClient } from '../../support/oauth/oauth-cell.js';
import { arrive, sessionOf, UpstreamCell } from '../../support/oauth/upstream-cell.js';

const messages: OutboxMessage[] = [];
let up: UpstreamCell;
let client: RegisteredClient;

beforeAll(async () => {
  const onOutbox = (message: OutboxMessage): void => void messages.push(message);
  up = await UpstreamCell.start({ delivery: { outbox: true } }, { onOutbox });
  await up.set('evil', { issuer: up.hostile.issuer, makesAccounts: true });
  client = await up.cell.registerClient();
});
afterAll(() => up.stop());
beforeEach(() => {
  up.calm();
  messages.length = 0;
});

const nowS = (): number => Math.floor(Date.now() / 1000);
const verifier = 'v'.repeat(43);

function authorizationUrl(more: Record<string, string> = {}): URL {
  const url = new URL('/oauth/authorize', up.cell.issuer);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: callback,
    scope: 'openid',
    state: 'state',
    nonce: 'nonce',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  }).toString();
  return url;
}

/** The link to a provider on the page of an authorization request. */
async function follow(browser: Browser, { html }: Page, provider: string): Promise<URL> {
  const link = new RegExp(`href="(/t/acme/upstream/${provider}[^"]*)"`, 'u').exec(html)?.[1] ?? '';
  const location = await browser.open(link.replaceAll('&amp;', '&'));
  if (!(location instanceof URL)) throw new Error(`not sent anywhere: ${location.status}`);
  return location;
}

/** At the client: what its code is worth. */
async function claimsOf(answer: Page | URL): Promise<Record<string, unknown>> {
  if (!(answer instanceof URL)) throw new Error(`a page instead of a code: ${answer.html}`);
  expect(answer.href.startsWith(callback)).toBe(true);
  expect(answer.searchParams.get('state')).toBe('state');
  const code = answer.searchParams.get('code') ?? '';
  const grant = { grant_type: 'authorization_code', code, redirect_uri: callback };
  const { clientId, secret } = client;
  const basic = Buffer.from(`${clientId}:${secret}`).toString('base64');
  const reply = await fetch(`${up.cell.issuer}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ ...grant, code_verifier: verifier }),
  });
  const body = (await reply.json()) as { id_token?: string };
  return decodeJwt(body.id_token ?? '');
}

describe('an authorization request', () => {
  it('goes through a provider of the tenant, and comes back with a code', async () => {
    up.corp.people.set('ann', { email: 'ann@corp.example', email_verified: true });
    const browser = up.browser();
    const login = await arrive(browser, authorizationUrl());
    expect(login.url.pathname).toMatch(/^\/interaction\//u);
    const location = await follow(browser, login, 'corp');
    const back = await browser.open(await up.corp.authorize(location.href, 'ann'));
    const claims = await claimsOf(back);
    const { sessions } = await up.ownSessions(browser);
    expect(claims['sub']).toBe(sessions[0]?.principalId);
    expect(claims['nonce']).toBe('nonce');
    // The browser is logged in now: nobody is asked twice.
    await claimsOf(await browser.open(authorizationUrl()));
  });

  it('that wants the person again asks the provider, of whoever has nothing else', async () => {
    const says = { sub: 'pia', email: 'pia@corp.example', email_verified: true };
    up.hostile.says = { ...says, auth_time: nowS() - 3_600 };
    const { browser } = await up.viaEvil();
    const before = sessionOf(browser);
    const asked = await arrive(browser, authorizationUrl({ prompt: 'login' }));
    const location = await follow(browser, asked, 'evil');
    expect(location.searchParams.get('prompt')).toBe('login');
    // It did not ask: the client gets nothing.
    const stale = await arrive(browser, up.backFromEvil(location));
    expect(stale.status).toBe(422);
    const anew = await follow(browser, stale, 'evil');
    up.hostile.says = { ...says, auth_time: nowS() };
    const claims = await claimsOf(await browser.open(up.backFromEvil(anew)));
    expect(Number(claims['auth_time'])).toBeGreaterThan(nowS() - 120);
    expect(sessionOf(browser)).not.toBe(before);
  });

  it('sends no message before a form of ours asks for it', async () => {
    const browser = await up.cell.browserOf('alice');
    const token = sessionOf(browser);
    const { world, tenant } = up.cell;
    const start = { kind: FactorKind.FACTOR_KIND_EMAIL, address: 'alice@example.org' };
    const allowed = [FactorKind.FACTOR_KIND_EMAIL];
    const requiredFor = FactorDemand.FACTOR_DEMAND_NOBODY;
    const settings = { factors: { allowed, requiredFor, rememberDevicesDays: 0 } };
    await world.call(Tenants.updateTenantSettings, { settings }, tenant.admin);
    const { ticket } = await world.call(Factors.startOtpChannel, start, token);
    const sent = await vi.waitFor(() => {
      const [message] = messages.splice(0);
      if (message === undefined) throw new Error('no message has come');
      return message;
    });
    const code = /\b\d{6}\b/u.exec(sent.text)?.[0] ?? '';
    await world.call(Factors.confirmOtpChannel, { ticket, code }, token);
    for (let loads = 0; loads < 10; loads += 1) {
      const asked = await arrive(browser, authorizationUrl({ prompt: 'login' }));
      expect(asked.html).toContain('name="kind" value="EMAIL"');
      await arrive(browser, '/t/acme/account/confirm/account');
    }
    const asked = await arrive(browser, authorizationUrl({ prompt: 'login' }));
    const forged = new URL(`${asked.url.pathname}/step-up/choose`, asked.url);
    const fields = { kind: 'EMAIL', credential: 'x', ticket: 'x', csrf: 'x' };
    await browser.open(forged, new URLSearchParams(fields));
    expect(messages.filter(({ kind }) => kind === 'LOGIN_CODE')).toEqual([]);
    const answer = await browser.submit(asked, { kind: 'EMAIL' });
    expect((answer as Page).html).toContain('name="answer"');
    await vi.waitFor(() => expect(messages.map(({ kind }) => kind)).toContain('LOGIN_CODE'));
  });
});
