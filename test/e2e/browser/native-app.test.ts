import { createHash } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ClientKind } from '#proto/ledgate/identity/v1/client.js';
import { describeInBrowser, startChromium } from '../../support/browser/chromium.js';
import { startOauthCell, userPassword, type OauthCell } from '../../support/oauth/oauth-cell.js';

const challenge = createHash('sha256').update('v'.repeat(43)).digest('base64url');

describeInBrowser('an app on a phone or desk (RFC 8252, section 7)', () => {
  let browser: Browser;
  let cell: OauthCell;

  beforeAll(async () => {
    [browser, cell] = await Promise.all([startChromium(), startOauthCell('acme')]);
  });
  afterAll(async () => {
    await browser?.close();
    await cell?.stop();
  });

  async function authorizationUrl(redirectUri: string): Promise<string> {
    const none = { postLogoutRedirectUris: [], grantTypes: ['authorization_code'] };
    const settings = { ...none, authMethod: 'none', redirectUris: [redirectUri] };
    const asked = { ...settings, firstParty: false };
    const { clientId } = await cell.registerClient(asked, ClientKind.CLIENT_KIND_NATIVE);
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: 'openid profile',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    return `${cell.issuer}/oauth/authorize?${query.toString()}`;
  }

  it.each([
    ['a scheme of its own', 'com.example.app:/cb'],
    ['a loopback address', 'http://127.0.0.1/cb'],
  ])('is given its code by %s, after login and consent', async (_, redirectUri) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const errors: string[] = [];
    page.on('console', (message) => {
      if (/security policy/iu.test(message.text())) errors.push(message.text());
    });
    await page.goto(await authorizationUrl(redirectUri));
    await page.getByLabel('User name or mail address').fill('alice');
    await page.getByLabel('Password').fill(userPassword);
    await page.getByRole('button', { name: 'Sign in' }).first().click();
    const arrived = page.waitForRequest((request) => request.url().startsWith(redirectUri));
    const [request] = await Promise.all([
      arrived.catch((error: unknown) => {
        throw new Error(errors.join('\n'), { cause: error });
      }),
      page.getByRole('button', { name: 'Allow' }).click(),
    ]);
    expect(new URL(request.url()).searchParams.get('code')).not.toBeNull();
    expect(errors).toEqual([]);
    await context.close();
  });
});
