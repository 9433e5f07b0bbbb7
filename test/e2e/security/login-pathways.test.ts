import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { setUpUser } from '../../support/identity/tenant-setup.js';
import { Browser } from '../../support/oauth/browser.js';
import { callback, startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';
import { challenge } from './raw-oauth.js';

const tenant = 'pathways';
const burst = 6;
const right = 'nine patient herons';
const wrong = 'nine impatient herons';
let cell: OauthCell;
let count = 0;

beforeAll(async () => {
  cell = await startOauthCell(tenant, { guessesPerAccount: { burst, perMinute: 1 } });
});
afterAll(() => cell.stop());

async function somebody(): Promise<string> {
  const loginName = `victim-${count++}`;
  await setUpUser(cell.world, cell.tenant.admin, loginName, right);
  return loginName;
}

type Said = 'in' | 'wrong' | 'too many';
type Pathway = (loginName: string, password: string) => Promise<Said>;

async function overGrpc(call: Promise<unknown>): Promise<Said> {
  try {
    await call;
    return 'in';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === status.UNAUTHENTICATED) return 'wrong';
    if (code === status.RESOURCE_EXHAUSTED) return 'too many';
    throw error;
  }
}

/** Every way on which somebody can show a password. */
const pathways: Readonly<Record<string, Pathway>> = {
  'TokenService/Login': (loginName, password) =>
    overGrpc(cell.world.call(Tokens.login, { tenant, loginName, password })),
  'LoginService/StartLogin': (loginName, password) =>
    overGrpc(cell.world.call(Logins.startLogin, { tenant, loginName, password })),
  'CredentialService/ChangePassword': (loginName, currentPassword) =>
    overGrpc(
      cell.world.call(Credentials.changePassword, {
        tenantId: tenant,
        loginName: loginName.toUpperCase(),
        currentPassword,
        newPassword: right,
      }),
    ).catch((error: Error) => {
      // Behind the right password: the new one must be another.
      if (/differ|same|new_password/u.test(error.message)) return 'in';
      throw error;
    }),
  'HTTP Basic at an authorizer': async (username, password) => {
    const request = { tenant, username, password };
    const asked = cell.world.call(Tokens.verifyPassword, request, cell.world.root);
    const said = await overGrpc(asked);
    return said === 'in' && !(await asked).verified ? 'wrong' : said;
  },
  'the login page': async (loginName, password) => {
    const { clientId } = await cell.registerClient();
    const query = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: callback,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const browser = new Browser(cell.issuer);
    const page = await browser.open(`/oauth/authorize?${query.toString()}`);
    const next = await browser.submit(page, { login_name: loginName, password });
    if (next instanceof URL) return 'in';
    return next.status === 429 ? 'too many' : 'wrong';
  },
};
const names = Object.keys(pathways);
const take = (name: string, loginName: string, password: string): Promise<Said> => {
  const pathway = pathways[name];
  if (pathway === undefined) throw new Error(name);
  return pathway(loginName, password);
};

describe('Keycloak CVE-2026-9798: an account that is braked on one pathway', () => {
  it.each(names)('%s leads in, and counts what does not', async (name) => {
    const victim = await somebody();
    expect(await take(name, victim, right)).toBe('in');
    const braked = await somebody();
    const said: Said[] = [];
    for (let at = 0; at <= burst; at += 1) said.push(await take(name, braked, wrong));
    expect(said).toEqual([...Array.from({ length: burst }, () => 'wrong'), 'too many']);
  });

  it.each(names)(
    '%s brakes all the others, and tells nobody that the password is right',
    async (name) => {
      const victim = await somebody();
      for (let at = 0; at < burst; at += 1) await take(name, victim, wrong);
      for (const other of names) {
        const said = [await take(other, victim, wrong), await take(other, victim, right)];
        expect([other, ...said]).toEqual([other, 'too many', 'too many']);
      }
    },
  );

  it('is braked under each of its names, and others are not', async () => {
    const victim = await somebody();
    for (let at = 0; at < burst; at += 1) await take(names[0] ?? '', victim, wrong);
    for (const spelling of [victim.toUpperCase(), ` ${victim} `, victim]) {
      const said = await take('LoginService/StartLogin', spelling, right).catch(() => 'refused');
      expect([spelling, said]).not.toEqual([spelling, 'in']);
    }
    expect(await take('LoginService/StartLogin', await somebody(), right)).toBe('in');
  });
});
