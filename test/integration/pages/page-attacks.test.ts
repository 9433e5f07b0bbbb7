import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import {
  FactorDemand,
  TenantServiceService as Tenants,
} from '#proto/ledgate/identity/v1/tenant.js';
import { setUpTenant, setUpUser } from '../../support/identity/tenant-setup.js';
import {
  startPagesWorld,
  userPassword,
  type PagesWorld,
} from '../../support/browser/pages-world.js';
import { totpCode } from '../../support/browser/totp-code.js';
import { Browser, type Page } from '../../support/oauth/browser.js';

const slug = 'keep';
let pages: PagesWorld;

beforeAll(async () => {
  pages = await startPagesWorld();
  const { world } = pages;
  const { admin } = await setUpTenant(world, slug);
  await setUpUser(world, admin, 'vera', userPassword);
  await setUpUser(world, admin, 'mallory', userPassword);
  const requiredFor = FactorDemand.FACTOR_DEMAND_EVERYBODY;
  const settings = { factors: { allowed: [], requiredFor, rememberDevicesDays: 0 } };
  await world.call(Tenants.updateTenantSettings, { settings }, admin);
});
afterAll(() => pages?.close());

const page = (answer: Page | URL): Page => {
  if (answer instanceof URL) throw new Error(`sent to ${answer.href}`);
  return answer;
};
const fieldOf = ({ html }: Page, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`, 'u').exec(html)?.[1] ?? '';

/** Enrols an authenticator app by the forms at `base`. */
async function enrol(browser: Browser, base: string, from: Page, ticket: string): Promise<Page> {
  const csrf = fieldOf(from, 'csrf');
  const first = new URLSearchParams({ csrf, login_ticket: ticket, kind: 'TOTP' });
  const offer = page(await browser.open(`${base}/enrol`, first));
  const answer = totpCode(fieldOf(offer, 'typed'), pages.clock.wallMs());
  const fields = { csrf, login_ticket: ticket, kind: 'TOTP', ticket: fieldOf(offer, 'ticket') };
  const last = new URLSearchParams({ ...fields, answer });
  return page(await browser.open(`${base}/enrol/confirm`, last));
}

async function ticketOf(loginName: string): Promise<string> {
  const request = { tenant: slug, loginName, password: userPassword };
  return (await pages.world.call(Logins.startLogin, request)).step?.ticket ?? '';
}

describe('an account whose session was stolen', () => {
  it('gives no recovery codes for a factor that was enrolled in another account', async () => {
    const browser = new Browser(pages.origin);
    const login = page(await browser.open(`/t/${slug}/login`));
    const own = await enrol(browser, `/t/${slug}/login`, login, await ticketOf('vera'));
    expect(own.html).toContain('vera');
    // Too long ago to change how the account is logged in to.
    pages.clock.passMs += 660_000;
    const account = page(await browser.open(`/t/${slug}/account`));
    expect(account.html).toContain('vera');
    const base = `/t/${slug}/account/factors`;
    const stolen = await enrol(browser, base, account, await ticketOf('mallory'));
    expect(stolen.html).not.toContain('class="codes"');
  });
});

describe('an address', () => {
  it.each(['//evil.example/', '/%5Cevil.example/', '///evil.example', '/\\evil.example/'])(
    '%s leads nowhere else, not by the links of its page either',
    async (path) => {
      const { html } = page(await new Browser(pages.origin).open(`${pages.origin}${path}`));
      expect(html).not.toMatch(/(?:href|src|action)="(?:[a-z]+:)?[/\\]{2}/iu);
    },
  );
});
