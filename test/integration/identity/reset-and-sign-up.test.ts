import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { LedgerServiceService as Ledgers } from '#proto/ledgate/identity/v1/ledger.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import {
  enrolTotp,
  passwordLogin,
  startLoginWorld,
  totpLogin,
  type LoginWorld,
} from '../../support/identity/login-world.js';
import { refusal } from '../../support/identity/refusal.js';
import { temporaryFolder } from '../../support/identity/running-identity.js';
import { setUpApiKey, setUpTenant } from '../../support/identity/tenant-setup.js';

const folder = temporaryFolder();
let world: LoginWorld;
let admin: string;

const tenant = 'acme';
const password = 'seven slow harbours';
const newPassword = 'eight slow harbours';

beforeAll(async () => {
  world = await startLoginWorld(folder.path);
  const acme = await setUpTenant(world, tenant);
  admin = (await setUpApiKey(world, acme.admin, acme.adminId)).apiKey;
  // Addresses that nobody has verified: verified-addresses.test.ts.
  await world.call(Tenants.updateTenantSettings, { settings: { mailUnverified: true } }, admin);
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

async function withMail(email: string): Promise<void> {
  await world.call(Principals.createUser, { email, password }, admin);
}

async function tokenSentTo(
  address: string,
  kind: 'RESET_PASSWORD' | 'SIGN_UP' = 'RESET_PASSWORD',
): Promise<string> {
  const { text } = await world.messageTo(address, kind);
  return /\?token=([\w-]+)/u.exec(text)?.[1] ?? '';
}

async function ledgerPosition(): Promise<bigint> {
  return (await world.call(Ledgers.getStatus, {}, world.root)).position;
}

describe('a forgotten password', () => {
  it('is set anew by a mailed link, once, and second factors stay', async () => {
    const loginName = 'ann@example.com';
    await withMail(loginName);
    const person = { tenant, loginName, password };
    const first = await passwordLogin(world, person);
    const { seed } = await enrolTotp(world, first.sessionToken);
    const before = await ledgerPosition();
    await world.call(Logins.requestReset, { tenant, loginName });
    const token = await tokenSentTo(loginName);
    expect(await ledgerPosition()).toBe(before);
    const weak = world.call(Logins.resetPassword, { token, newPassword: 'password' });
    expect((await refusal(weak)).code).toBe(status.INVALID_ARGUMENT);
    await world.call(Logins.resetPassword, { token, newPassword });
    const again = await refusal(world.call(Logins.resetPassword, { token, newPassword }));
    expect(again.reason).toBe('WRONG_STATE');
    // Whoever reads the mail of somebody has the password now, and no more.
    const { step } = await world.call(Logins.startLogin, { ...person, password: newPassword });
    expect(step?.done).toBeUndefined();
    const dead = { sessionToken: first.sessionToken };
    expect((await refusal(world.call(Logins.startStepUp, dead))).code).toBe(status.UNAUTHENTICATED);
    const done = await totpLogin(world, { ...person, password: newPassword }, seed);
    expect(done.acr).toBe('urn:ledgate:acr:2');
    await world.messageTo(loginName, 'SECURITY_NOTICE');
  });

  it('two links set one password, and a link expires', async () => {
    const loginName = 'bob@example.com';
    await withMail(loginName);
    await world.call(Logins.requestReset, { tenant, loginName });
    const one = await tokenSentTo(loginName);
    await world.call(Logins.requestReset, { tenant, loginName });
    const two = await tokenSentTo(loginName);
    const set = (token: string) => world.call(Logins.resetPassword, { token, newPassword });
    const both = await Promise.allSettled([set(one), set(one), set(two), set(two)]);
    expect(both.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    await world.call(Logins.requestReset, { tenant, loginName });
    const late = await tokenSentTo(loginName);
    world.later(1_800_001);
    expect((await refusal(set(late))).reason).toBe('WRONG_STATE');
  });

  it('answers the same for names that nobody has, and mails nobody', async () => {
    const loginName = 'nobody@example.com';
    expect(await world.call(Logins.requestReset, { tenant, loginName })).toEqual({});
    const ask = () => world.call(Logins.requestReset, { tenant, loginName });
    for (let at = 0; at < 2; at += 1) await ask();
    expect((await refusal(ask())).reason).toBe('TOO_MANY_REQUESTS');
    expect(world.messages.filter(({ to }) => to === loginName)).toEqual([]);
  });
});

describe('sign-up', () => {
  const email = 'cleo@example.com';
  const ask = () => world.call(Logins.requestSignUp, { tenant, email });
  const allow = (selfSignUp: boolean) =>
    world.call(Tenants.updateTenantSettings, { settings: { selfSignUp } }, admin);

  it('is off unless the tenant wants it', async () => {
    expect((await refusal(ask())).reason).toBe('WRONG_STATE');
  });

  it('makes an account by a mailed link, once, with a verified address', async () => {
    await allow(true);
    const before = await ledgerPosition();
    await ask();
    const token = await tokenSentTo(email, 'SIGN_UP');
    expect(await ledgerPosition()).toBe(before);
    const request = { token, displayName: 'Cleo', password };
    const { principalId } = await world.call(Logins.signUp, request);
    const { principal } = await world.call(Principals.getPrincipal, { principalId }, admin);
    expect(principal?.loginNames).toMatchObject([{ value: email, verified: true }]);
    const again = await refusal(world.call(Logins.signUp, request));
    expect(again.reason).toBe('ALREADY_USED');
    expect((await passwordLogin(world, { tenant, loginName: email, password })).acr).toMatch(
      /:1$/u,
    );
    // A second time the owner is told, and whoever asked learns nothing.
    await ask();
    expect((await world.messageTo(email, 'SECURITY_NOTICE')).text).not.toContain('token=');
  });

  it('CVE-2026-27946: no field of the request makes an address verified', async () => {
    const other = 'dora@example.com';
    await world.call(Principals.createUser, { email: other, password }, admin);
    const session = await passwordLogin(world, { tenant, loginName: other, password });
    const { principalId } = session;
    const addOwn = { principalId, kind: 2, value: 'root@example.com', verified: true } as never;
    const own = world.call(Principals.addLoginName, addOwn, session.sessionToken);
    expect((await refusal(own)).code).toBe(status.PERMISSION_DENIED);
    const { principal } = await world.call(Principals.getPrincipal, { principalId }, admin);
    expect(principal?.loginNames).toMatchObject([{ value: other, verified: false }]);
  });

  it('a link does not outlive the permission of the tenant', async () => {
    const late = 'emil@example.com';
    await world.call(Logins.requestSignUp, { tenant, email: late });
    const token = await tokenSentTo(late, 'SIGN_UP');
    await allow(false);
    const refused = await refusal(world.call(Logins.signUp, { token, displayName: '', password }));
    expect(refused.reason).toBe('WRONG_STATE');
  });
});
