import { createHash } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeInBrowser, startChromium } from '../../support/browser/chromium.js';
import { examinedPage, type ExaminedPage } from '../../support/browser/examined-page.js';
import {
  startPagesWorld,
  userPassword,
  type PagesWorld,
} from '../../support/browser/pages-world.js';
import { totpCode } from '../../support/browser/totp-code.js';

const mail = 'grace@example.org';
const verifier = 'a-verifier-that-is-long-enough-for-the-rules-of-pkce-0123456789';
const challenge = createHash('sha256').update(verifier).digest('base64url');

/** One person's way through the pages, in the order in which people meet them. */
describeInBrowser('the pages in a real browser', () => {
  let browser: Browser;
  let pages: PagesWorld;
  let context: BrowserContext;
  let examined: ExaminedPage;
  let page: Page;
  let seed: string;
  let codes: readonly string[];

  beforeAll(async () => {
    [browser, pages] = await Promise.all([startChromium(), startPagesWorld()]);
    context = await browser.newContext();
    examined = await examinedPage(context);
    ({ page } = examined);
    page.setDefaultTimeout(10_000);
  });
  /** What a person would have seen. */
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    const text = await page.locator('body').innerText();
    process.stdout.write(`${page.url()}\n${text}\n${examined.errors.join('\n')}\n`);
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.close();
  });

  const go = (path: string): Promise<unknown> => page.goto(`${pages.origin}${path}`);
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  /** Waits for the page with this heading. */
  const shows = (name: string): Promise<void> =>
    page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  const faults = async (name: string): Promise<readonly string[]> => [
    ...(await examined.violations(`flow-${name}`)),
    ...examined.errors,
  ];
  /** The code that the app shows next: each works once. */
  const nextCode = (): string => {
    pages.clock.passMs += 30_000;
    return totpCode(seed, pages.clock.wallMs());
  };
  const signOut = async (): Promise<void> => {
    await page.getByRole('link', { name: 'Sign out' }).click();
    await button('Sign out').click();
    await shows('You are signed out');
  };
  const typePassword = async (): Promise<void> => {
    await go('/t/acme/login');
    await page.getByLabel('User name or mail address').fill(mail);
    await page.getByLabel('Password').fill(userPassword);
    await button('Sign in').first().click();
  };

  it('sign-up: a link by mail, then name and password', async () => {
    await go('/t/acme');
    await page.waitForURL(`${pages.origin}/t/acme/login`);
    expect(await faults('login')).toEqual([]);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await shows('Create an account');
    expect(await faults('sign-up')).toEqual([]);
    await page.getByLabel('Mail address').fill(mail);
    await button('Send link').click();
    await shows('Look into your mailbox');
    const { text } = await pages.mailTo(mail);
    await page.goto(/http:\S+/u.exec(text)?.[0] ?? '');
    await page.getByLabel('Your name').fill('Grace Hopper');
    await page.getByLabel('New password').fill('password12345678');
    await button('Create account').click();
    await page.locator('.problem').getByText('too easy to guess').waitFor();
    expect(await faults('sign-up-weak')).toEqual([]);
    await page.getByLabel('New password').fill(userPassword);
    await button('Create account').click();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('User name or mail address').fill(mail);
    await page.getByLabel('Password').fill('not this one at all');
    await button('Sign in').first().click();
    await page.getByRole('alert').getByText('is wrong').waitFor();
    await typePassword();
    await shows('Your account');
    expect(await page.getByText('Grace Hopper').count()).toBe(1);
    expect(await faults('account')).toEqual([]);
  });

  it('enrolment of an authenticator app gives recovery codes too', async () => {
    await page.getByRole('link', { name: 'Add' }).click();
    await shows('Add a way to sign in');
    expect(await faults('choose-enrolment')).toEqual([]);
    await button(/Authenticator app/u).click();
    seed = (await page.locator('.typed').textContent()) ?? '';
    expect(await faults('enrol-totp')).toEqual([]);
    await page.getByLabel('Code').fill('000000');
    await button('Add').click();
    await page.getByRole('alert').getByText('is wrong').waitFor();
    await page.getByLabel('Code').fill(totpCode(seed, pages.clock.wallMs()));
    await page.getByLabel('Name').fill('Phone');
    await button('Add').click();
    await shows('Your recovery codes');
    codes = await page.locator('.codes li').allTextContents();
    expect(new Set(codes).size).toBe(10);
    expect(await faults('recovery-codes')).toEqual([]);
    await page.getByRole('link', { name: 'I have kept them' }).click();
    await page.getByText('Phone', { exact: true }).waitFor();
    await signOut();
  });

  it('login by password and a code of the app; a wrong code and a used one are refused', async () => {
    await typePassword();
    await page.getByLabel('Code').waitFor();
    expect(await faults('totp')).toEqual([]);
    await page.getByLabel('Code').fill('000000');
    await button('Confirm').click();
    await page.getByRole('alert').getByText('is wrong').waitFor();
    expect(await faults('totp-wrong')).toEqual([]);
    await page.getByLabel('Code').fill(nextCode());
    await button('Confirm').click();
    await shows('Your account');
  });

  it('enrolment of a passkey, then login by it alone', async () => {
    const device = await context.newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.getByRole('link', { name: 'Add' }).click();
    await button(/Passkey/u).click();
    await page.getByLabel('Name').fill('Laptop');
    expect(await faults('enrol-passkey')).toEqual([]);
    await button('Create passkey').click();
    await page.getByText('Added.', { exact: true }).waitFor();
    expect(await page.getByText('Laptop', { exact: true }).count()).toBe(1);
    await signOut();
    await go('/t/acme/login');
    await button('Sign in with a passkey').click();
    await shows('Your account');
    expect(await faults('account-factors')).toEqual([]);
  });

  it('a session that is ten minutes old steps up by passkey before factors change', async () => {
    pages.clock.passMs += 11 * 60_000;
    await page.getByRole('link', { name: 'Add' }).click();
    await shows('Confirm that it is you');
    expect(await faults('step-up')).toEqual([]);
    await button(/Passkey/u).click();
    await button('Use passkey').click();
    await shows('Add a way to sign in');
  });

  it('a recovery code opens the account once', async () => {
    await go('/t/acme/account');
    await signOut();
    for (const [accepted, code] of [
      [true, codes[0] ?? ''],
      [false, codes[0] ?? ''],
      [true, codes[1] ?? ''],
    ] as const) {
      await typePassword();
      await button(/Recovery code/u).click();
      await page.getByLabel('Recovery code').fill(code.toUpperCase());
      await button('Confirm').click();
      await page
        .getByRole(accepted ? 'link' : 'alert', accepted ? { name: 'Sign out' } : {})
        .waitFor();
      if (accepted) await signOut();
    }
    await typePassword();
    await shows('Confirm that it is you');
    expect(await faults('choose-factor')).toEqual([]);
    await button(/Passkey/u).click();
    await button('Use passkey').waitFor();
    expect(await faults('passkey')).toEqual([]);
    await button('Use passkey').click();
    await shows('Your account');
    expect(await page.getByText('8 left').count()).toBe(1);
  });

  it('consent: what a client may do is asked, given, shown, and withdrawn', async () => {
    const { id, redirectUri } = pages.client;
    const query = new URLSearchParams({
      client_id: id,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid profile',
      state: 'state-1',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    await go(`/oauth/authorize?${query.toString()}`);
    await shows('Order desk asks for access');
    expect(await faults('consent')).toEqual([]);
    await button('Allow').click();
    await page.waitForURL(/callback/u);
    const told = new URL(page.url()).searchParams;
    expect(told.get('state')).toBe('state-1');
    const answer = await fetch(`${pages.origin}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: told.get('code') ?? '',
        code_verifier: verifier,
        client_id: id,
        redirect_uri: redirectUri,
      }),
    });
    expect(await answer.json()).toMatchObject({ scope: 'openid profile', token_type: 'Bearer' });
    await go('/t/acme/account');
    await button('Withdraw access of Order desk').click();
    await page.getByText('Access is withdrawn.').waitFor();
    expect(await button('Withdraw access of Order desk').count()).toBe(0);
    await go(`/oauth/authorize?${query.toString()}`);
    await button('Deny').click();
    await page.waitForURL(/callback/u);
    expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied');
  });

  it('an application that wants a fresh login gets a step-up of the session that is there', async () => {
    const { id, redirectUri } = pages.client;
    const query = new URLSearchParams({
      client_id: id,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid',
      prompt: 'login',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    await go(`/oauth/authorize?${query.toString()}`);
    await shows('Confirm that it is you');
    await button(/Recovery code/u).click();
    await page.getByLabel('Recovery code').fill(codes[3] ?? '');
    expect(await faults('step-up-client')).toEqual([]);
    await button('Confirm').click();
    await shows('Order desk asks for access');
    await button('Allow').click();
    await page.waitForURL(/callback/u);
    expect(new URL(page.url()).searchParams.get('code')).toMatch(/^.{20,}$/u);
  });

  it('codes by mail: one confirms the address, the next one signs in', async () => {
    const address = 'grace.codes@example.org';
    await go('/t/acme/account');
    await page.getByRole('link', { name: 'Add' }).click();
    await button(/^Mail/u).click();
    await page.getByLabel('Mail address').fill(address);
    await button('Send code').click();
    const codeOf = async (): Promise<string> =>
      /\d{6,8}/u.exec((await pages.mailTo(address)).text)?.[0] ?? '';
    await page.getByLabel('Code').fill(await codeOf());
    await button('Add').click();
    await page.getByText('Added.', { exact: true }).waitFor();
    await signOut();
    await typePassword();
    await button(/Mail/u).click();
    await page.getByLabel('Code').waitFor();
    expect(await faults('mail-code')).toEqual([]);
    await page.getByLabel('Code').fill(await codeOf());
    await button('Confirm').click();
    await shows('Your account');
  });

  it('a session elsewhere is seen, ended, and over at its next step', async () => {
    const elsewhere = await examinedPage(
      await browser.newContext({ userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' }),
    );
    const other = elsewhere.page;
    await other.goto(`${pages.origin}/t/acme/login`);
    await other.getByLabel('User name or mail address').fill(mail);
    await other.getByLabel('Password').fill(userPassword);
    await other.getByRole('button', { name: 'Sign in' }).first().click();
    await other.getByRole('button', { name: /Authenticator app/u }).click();
    await other.getByLabel('Code').fill(nextCode());
    await other.getByRole('button', { name: 'Confirm' }).click();
    await other.getByRole('heading', { name: 'Your account' }).waitFor();
    await go('/t/acme/account');
    expect(await faults('sessions')).toEqual([]);
    await button('End session Firefox · Linux').click();
    await page.getByText('The session has ended.').waitFor();
    await other.reload();
    await other.waitForURL(`${pages.origin}/t/acme/login`);
    expect(elsewhere.errors).toEqual([]);
  });

  it('a tenant that demands a second step gets one at the first login', async () => {
    const own = await examinedPage(await browser.newContext({ locale: 'de-DE' }));
    const { page: german } = own;
    await german.goto(`${pages.origin}/t/vault/login`);
    await german.getByLabel('Benutzername oder E-Mail-Adresse').fill('vera');
    await german.getByLabel('Passwort').fill(userPassword);
    await german.getByRole('button', { name: 'Anmelden' }).first().click();
    await german.getByRole('heading', { name: 'Zweiten Schritt einrichten' }).waitFor();
    expect(await own.violations('flow-enrol-de')).toEqual([]);
    await german.getByRole('button', { name: /Authenticator-App/u }).click();
    const key = (await german.locator('.typed').textContent()) ?? '';
    await german.getByLabel('Code').fill(totpCode(key, pages.clock.wallMs()));
    await german.getByRole('button', { name: 'Hinzufügen' }).click();
    await german.getByRole('link', { name: 'Ich habe sie aufbewahrt' }).click();
    await german.getByRole('heading', { name: 'Ihr Konto' }).waitFor();
    await german.getByRole('link', { name: 'English' }).click();
    await german.getByRole('heading', { name: 'Your account' }).waitFor();
    expect(own.errors).toEqual([]);
  });

  it('everything but passkeys works without scripts, and by keyboard alone', async () => {
    const bare = await examinedPage(await browser.newContext({ javaScriptEnabled: false }));
    const { page: plain } = bare;
    await plain.goto(`${pages.origin}/t/acme/login`);
    await plain.locator('#login_name:focus').waitFor();
    await plain.keyboard.type(mail);
    await plain.keyboard.press('Tab');
    await plain.keyboard.press('Tab');
    await plain.keyboard.type(userPassword);
    await plain.keyboard.press('Enter');
    await plain.getByRole('button', { name: /Recovery code/u }).press('Enter');
    await plain.locator('#answer:focus').waitFor();
    await plain.keyboard.type(codes[2] ?? '');
    await plain.keyboard.press('Enter');
    await plain.getByRole('heading', { name: 'Your account' }).waitFor();
    await plain.getByRole('button', { name: 'End all others' }).press('Enter');
    await plain.getByText('All other sessions have ended.').waitFor();
    await page.reload();
    await page.waitForURL(`${pages.origin}/t/acme/login`);
    expect([...bare.errors, ...examined.errors]).toEqual([]);
  });

  it('a forgotten password: a link by mail sets a new one, once', async () => {
    await page.getByRole('link', { name: 'Forgotten?' }).click();
    await shows('Forgotten your password?');
    expect(await faults('ask-reset')).toEqual([]);
    await page.getByLabel('User name or mail address').fill(mail);
    await button('Send link').click();
    let link: string | undefined;
    while (link === undefined)
      link = /http:\S+reset\S+/u.exec((await pages.mailTo(mail)).text)?.[0];
    for (const [name, outcome] of [
      ['reset', 'Your new password is saved'],
      ['reset-again', 'has expired or was used'],
    ] as const) {
      await page.goto(link);
      expect(await faults(name)).toEqual([]);
      await page.getByLabel('New password').fill(`another ${userPassword}`);
      await button('Save password').click();
      await page.getByText(outcome).waitFor();
    }
  });

  it('an address that leads nowhere says so', async () => {
    await go('/t/nobody/login');
    await shows('There is no such page');
    expect(await examined.violations('flow-not-found')).toEqual([]);
  });
});
