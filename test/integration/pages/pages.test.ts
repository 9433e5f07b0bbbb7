import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '#libs/runtime/log.js';
import { TenantServiceService, type TenantSettings } from '#proto/ledgate/identity/v1/tenant.js';
import type { OutboxMessage } from '#services/identity/adapters/delivery/dev-outbox.js';
import { freeAddress } from '#services/ledgate/operate/service-process.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import { adminPassword, setUpTenant } from '../../support/identity/tenant-setup.js';

const folder = temporaryFolder();
/** Every line of the log, at level trace. */
const logged: string[] = [];
const mails: OutboxMessage[] = [];
let world: World;
let origin: string;

beforeAll(async () => {
  const httpAddress = await freeAddress();
  origin = `http://localhost:${httpAddress.split(':')[1]}`;
  const delivery = { outbox: true };
  const destination = { write: (line: string) => void logged.push(line) };
  const logger = createLogger({ service: 'identity', level: 'trace', destination });
  const config = testConfig(folder.path, { httpAddress, issuer: origin, delivery });
  world = await startWorld(config, { logger, onOutbox: (message) => void mails.push(message) });
  const { admin } = await setUpTenant(world, 'acme');
  const settings = { selfSignUp: true } as TenantSettings;
  await world.call(TenantServiceService.updateTenantSettings, { settings }, admin);
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

type Cookies = ReadonlyMap<string, string>;

function get(path: string, cookies: Cookies = new Map()): Promise<Response> {
  return fetch(`${origin}${path}`, { redirect: 'manual', headers: { cookie: textOf(cookies) } });
}

const textOf = (cookies: Cookies): string =>
  [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');

function cookiesOf(response: Response, before: Cookies = new Map()): Cookies {
  const pairs = response.headers.getSetCookie().map((text) => {
    const [name = '', value = ''] = text.split(';')[0]?.split('=') ?? [];
    return [name, value] as const;
  });
  return new Map([...before, ...pairs]);
}

/** A form as a browser would send it: from the page, with its guard. */
async function form(path: string, cookies: Cookies = new Map()) {
  const page = await get(path, cookies);
  const jar = cookiesOf(page, cookies);
  const csrf = /name="csrf" value="([^"]+)"/u.exec(await page.text())?.[1] ?? '';
  const post = (
    to: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(`${origin}${to}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: textOf(jar), origin, 'sec-fetch-site': 'same-origin', ...headers },
      body: new URLSearchParams({ csrf, ...fields }),
    });
  return { jar, csrf, post };
}

const login = { login_name: 'admin', password: adminPassword };

describe('every page', () => {
  it.each(['/t/acme/login', '/t/acme/reset', '/t/nobody/login', '/reset?token=x', '/nowhere'])(
    '%s allows nothing inline, nothing from elsewhere, and no frame',
    async (path) => {
      const page = await get(path);
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(page.headers.get('cache-control')).toBe('no-store');
      const html = await page.text();
      expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:/iu);
      expect(html).not.toMatch(/<script(?![^>]*\ssrc="\/static\/)/iu);
      expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//iu);
    },
  );

  it('repeats what was typed as text, never as markup', async () => {
    const { post } = await form('/t/acme/login');
    const name = '"><script>alert(1)</script>';
    const html = await (await post('/t/acme/login', { login_name: name, password: 'x' })).text();
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toContain('<script>alert');
  });

  it('says only what it may by its address', async () => {
    const { post, jar } = await form('/t/acme/login');
    const signedIn = cookiesOf(await post('/t/acme/login', login), jar);
    const html = await (await get('/t/acme/account?done=error.other', signedIn)).text();
    expect(html).not.toContain('Something went wrong');
    expect(await (await get('/t/acme/account?done=account.ended', signedIn)).text()).toContain(
      'The session has ended.',
    );
  });
});

describe('a form', () => {
  it('opens a session with a cookie that scripts and other sites cannot use', async () => {
    const { post } = await form('/t/acme/login');
    const answer = await post('/t/acme/login', login);
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/t/acme/account');
    const cookie = answer.headers.getSetCookie().find((text) => text.startsWith('ledgate='));
    expect(cookie).toMatch(/^ledgate=lgs_\S+; Path=\/; HttpOnly; SameSite=Lax/u);
  });

  it.each([
    ['without its guard', { csrf: '' }, {}],
    ['with the guard of another browser', { csrf: 'x'.repeat(43) }, {}],
    ['that another site made the browser send', {}, { 'sec-fetch-site': 'cross-site' }],
    ['from another origin', {}, { origin: 'https://evil.example' }],
    ['from a sandbox', {}, { origin: 'null' }],
  ])('%s does nothing', async (_, fields, headers) => {
    const { post } = await form('/t/acme/login');
    const answer = await post('/t/acme/login', { ...login, ...fields }, headers);
    expect(answer.status).toBe(422);
    expect(answer.headers.getSetCookie().join()).not.toContain('lgs_');
    expect(await answer.text()).toContain('This form is too old');
  });

  it('says the same for an unknown name and a wrong password', async () => {
    const { post } = await form('/t/acme/login');
    const said = async (loginName: string): Promise<string> => {
      const answer = await post('/t/acme/login', { login_name: loginName, password: 'wrong' });
      const html = await answer.text();
      return html.replaceAll(loginName, '').replaceAll(/(?:value|data-options)="[^"]*"/gu, '');
    };
    expect(await said('admin')).toBe(await said('nobody-of-this-name'));
  });

  it('does not log out by a link, nor without its guard', async () => {
    const first = await form('/t/acme/login');
    const signedIn = cookiesOf(await first.post('/t/acme/login', login), first.jar);
    await get('/t/acme/logout', signedIn);
    expect((await get('/t/acme/account', signedIn)).status).toBe(200);
    const { post } = await form('/t/acme/logout', signedIn);
    expect((await post('/t/acme/logout', { csrf: '' })).status).toBe(422);
    expect((await get('/t/acme/account', signedIn)).status).toBe(200);
    expect((await post('/t/acme/logout', {})).status).toBe(200);
    const after = await get('/t/acme/account', signedIn);
    expect(after.headers.get('location')).toBe('/t/acme/login');
  });

  it('with a new password leaves the browser that sent it logged in, and no other', async () => {
    const [here, there] = [await form('/t/acme/login'), await form('/t/acme/login')];
    const elsewhere = cookiesOf(await there.post('/t/acme/login', login), there.jar);
    const before = cookiesOf(await here.post('/t/acme/login', login), here.jar);
    const change = async (cookies: Cookies, current: string, password: string) => {
      const { post, jar } = await form('/t/acme/account/password', cookies);
      const answer = await post('/t/acme/account/password', { current, password });
      expect(answer.status).toBe(200);
      return cookiesOf(answer, jar);
    };
    const after = await change(before, adminPassword, 'nine patient lanterns');
    expect(after.get('ledgate')).not.toBe(before.get('ledgate'));
    expect((await get('/t/acme/account', after)).status).toBe(200);
    for (const old of [before, elsewhere]) {
      const answer = await get('/t/acme/account', old);
      expect(answer.headers.get('location')).toBe('/t/acme/login');
    }
    await change(after, 'nine patient lanterns', adminPassword);
  });

  it('of an account acts on nothing of somebody else', async () => {
    const first = await form('/t/acme/login');
    const signedIn = cookiesOf(await first.post('/t/acme/login', login), first.jar);
    const { post } = await form('/t/acme/account', signedIn);
    const id = '01890a5d-ac96-774b-bcce-b302099a8057';
    const answered: (readonly [path: string, refused: boolean])[] = [];
    for (const [path, field] of [
      ['sessions/end', 'session'],
      ['keys/revoke', 'credential'],
      ['factors/remove', 'credential'],
      ['apps/withdraw', 'client'],
    ] as const) {
      const answer = await post(`/t/acme/account/${path}`, { [field]: id });
      answered.push([path, answer.status >= 404 && answer.status < 500]);
    }
    expect(answered.filter(([, refused]) => !refused)).toEqual([]);
  });
});

describe('what is mailed', () => {
  it('is in the mailbox and in no log: neither link, nor address, nor what is typed after', async () => {
    const ask = await form('/t/acme/sign-up');
    const asked = await ask.post('/t/acme/sign-up', { email: 'grace@example.org' });
    expect(await asked.text()).toContain('Look into your mailbox');
    await expect.poll(() => mails.length).toBe(1);
    const link = new URL(/http:\S+/u.exec(mails[0]?.text ?? '')?.[0] ?? '');
    const token = link.searchParams.get('token') ?? '';
    const { post } = await form(`${link.pathname}${link.search}`);
    const password = 'seven quiet lanterns';
    const made = await post(link.pathname, { token, name: 'Grace Hopper', password });
    expect(await made.text()).toContain('Your account is ready');
    const again = await post(link.pathname, { token, name: 'Grace Hopper', password });
    expect(again.status).toBe(422);
    const log = logged.join('');
    expect(log).toContain('identity serves');
    for (const secret of [token, 'grace@example.org', 'Grace Hopper', password, adminPassword]) {
      expect(log).not.toContain(secret);
    }
    expect(log).not.toMatch(/lgs_\w{20}/u);
  });
});

describe('files for browsers', () => {
  it('are kept for ever under an address that names their content, and only there', async () => {
    const html = await (await get('/t/acme/login')).text();
    const paths = [...html.matchAll(/"(\/static\/[^"]+)"/gu)].map(([, path]) => path ?? '');
    expect(paths.map((path) => path.split('/').at(-1) ?? '').sort()).toEqual([
      'htmx.js',
      'icon.svg',
      'pages.css',
      'passkey.js',
    ]);
    for (const path of paths) {
      const file = await get(path);
      expect([path, file.status]).toEqual([path, 200]);
      expect(file.headers.get('cache-control')).toContain('immutable');
      expect(file.headers.get('x-content-type-options')).toBe('nosniff');
    }
    expect((await get('/static/old/pages.css')).headers.get('cache-control')).toBe('no-cache');
    for (const name of ['constructor', 'en.ts', '..%2fpages.ts', '__proto__']) {
      expect((await get(`/static/x/${name}`)).status).toBe(404);
    }
  });
});
