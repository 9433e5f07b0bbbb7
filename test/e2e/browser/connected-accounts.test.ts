import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeInBrowser, startChromium } from '../../support/browser/chromium.js';
import { examinedPage, type ExaminedPage } from '../../support/browser/examined-page.js';
import { userPassword } from '../../support/oauth/oauth-cell.js';
import { UpstreamCell } from '../../support/oauth/upstream-cell.js';

describeInBrowser('accounts elsewhere, in a real browser', () => {
  let browser: Browser;
  let up: UpstreamCell;
  let examined: ExaminedPage;
  let page: Page;

  beforeAll(async () => {
    [browser, up] = await Promise.all([startChromium(), UpstreamCell.start()]);
    await up.set('evil', { issuer: up.hostile.issuer, displayName: 'School', makesAccounts: true });
  });
  beforeEach(async () => {
    examined = await examinedPage(await browser.newContext());
    ({ page } = examined);
    page.setDefaultTimeout(10_000);
  });
  afterAll(async () => {
    await browser?.close();
    await up?.stop();
  });

  const says = (sub: string, at = Date.now()): void => {
    const email = `${sub}@school.example`;
    const auth_time = Math.floor(at / 1000);
    up.hostile.says = { sub, email, email_verified: true, auth_time };
  };
  const faults = async (name: string): Promise<readonly string[]> => [
    ...(await examined.violations(`connected-${name}`)),
    ...examined.errors,
  ];
  const login = (): Promise<unknown> => page.goto(`${up.cell.issuer}/t/acme/login`);
  const button = (name: string) => page.getByRole('button', { name });
  const link = (name: string) => page.getByRole('link', { name });

  it('one is connected, signs in, and is disconnected', async () => {
    says('alice-there');
    await login();
    await page.getByLabel('User name or mail address').fill('alice');
    await page.getByLabel('Password').fill(userPassword);
    await button('Sign in').first().click();
    expect(await faults('offered')).toEqual([]);
    await button('Connect School').click();
    await page.getByRole('heading', { name: 'Connect School' }).waitFor();
    expect(await faults('connect')).toEqual([]);
    await link('Go to School').click();
    await page.getByText('Connected.').waitFor();
    await link('Sign out').click();
    await button('Sign out').click();
    await login();
    await link('Sign in with School').click();
    await page.getByText('Your account').first().waitFor();
    await button('Disconnect School').waitFor();
    expect(await faults('connected')).toEqual([]);
    // Whoever came by it is out with it.
    await button('Disconnect School').click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    expect(examined.errors).toEqual([]);
  });

  it('who has nothing but one proves it again there', async () => {
    says('pia', Date.now() - 3_600_000);
    await login();
    await link('Sign in with School').click();
    await link('Add').click();
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    expect(await faults('again')).toEqual([]);
    says('pia');
    await link('Sign in with School').click();
    await page.getByRole('heading', { level: 1, name: 'Add a way to sign in' }).waitFor();
    expect(examined.errors).toEqual([]);
  });
});
