import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import {
  LoginNameKind,
  PrincipalServiceService as Principals,
} from '#proto/ledgate/identity/v1/principal.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import {
  passwordLogin,
  startLoginWorld,
  type LoginWorld,
} from '../../support/identity/login-world.js';
import { refusal } from '../../support/identity/refusal.js';
import { temporaryFolder } from '../../support/identity/running-identity.js';
import { setUpApiKey, setUpTenant } from '../../support/identity/tenant-setup.js';

const tenant = 'acme';
const password = 'seven green lanterns';
const folder = temporaryFolder();
let world: LoginWorld;
let admin: string;

beforeAll(async () => {
  world = await startLoginWorld(folder.path);
  const acme = await setUpTenant(world, tenant);
  admin = (await setUpApiKey(world, acme.admin, acme.adminId)).apiKey;
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

/** Somebody whose address an administrator has typed; resolves with the token of a session. */
async function typed(email: string): Promise<{ principalId: string; token: string }> {
  const { principalId } = await world.call(Principals.createUser, { email, password }, admin);
  const { sessionToken } = await passwordLogin(world, { tenant, loginName: email, password });
  return { principalId, token: sessionToken };
}

async function codeSentTo(address: string): Promise<string> {
  const { text } = await world.messageTo(address, 'VERIFY_ADDRESS');
  return (/\b\d{3} ?\d{3}\b/u.exec(text)?.[0] ?? '').replace(' ', '');
}

async function verify(address: string, token: string): Promise<void> {
  const { ticket } = await world.call(Factors.startNameVerification, { value: address }, token);
  const code = await codeSentTo(address);
  await world.call(Factors.confirmNameVerification, { ticket, code }, token);
}

/** Mails that have come to an address by the time that somebody else's has. */
async function mailsAfterReset(loginName: string) {
  await world.call(Logins.requestReset, { tenant, loginName });
  await world.call(Logins.requestReset, { tenant, loginName: 'witness@example.com' });
  await world.messageTo('witness@example.com', 'RESET_PASSWORD');
  return world.messages.filter(({ to }) => to === loginName).map(({ kind }) => kind);
}

describe('an address that an administrator has typed', () => {
  beforeAll(async () => {
    await verify('witness@example.com', (await typed('witness@example.com')).token);
  });

  it('gets no link and no word before its owner has verified it', async () => {
    const email = 'cara@example.com';
    const { token, principalId } = await typed(email);
    expect(await mailsAfterReset(email)).toEqual([]);
    await verify(email, token);
    expect(await mailsAfterReset(email)).toContain('RESET_PASSWORD');
    const { principal } = await world.call(Principals.getPrincipal, { principalId }, admin);
    expect(principal?.loginNames).toMatchObject([{ value: email, verified: true }]);
  });

  it('gets them where its tenant says so', async () => {
    const email = 'dora@example.com';
    await typed(email);
    expect(await mailsAfterReset(email)).toEqual([]);
    const set = (mailUnverified: boolean) =>
      world.call(Tenants.updateTenantSettings, { settings: { mailUnverified } }, admin);
    await set(true);
    const { settings } = await world
      .call(Tenants.getTenant, {}, admin)
      .then(({ tenant: found }) => found ?? { settings: undefined });
    expect(settings?.mailUnverified).toBe(true);
    await world.call(Logins.requestReset, { tenant, loginName: email });
    expect((await world.messageTo(email, 'RESET_PASSWORD')).text).toContain('token=');
    await set(false);
  });
});

describe('the code that verifies it', () => {
  const start = (value: string, token: string) =>
    world.call(Factors.startNameVerification, { value }, token);
  const confirm = (ticket: string, code: string, token: string) =>
    world.call(Factors.confirmNameVerification, { ticket, code }, token);

  it('is sent for no name but one of the account, unverified, that is an address', async () => {
    const { token, principalId } = await typed('erin@example.com');
    await typed('finn@example.com');
    const name = { principalId, kind: LoginNameKind.LOGIN_NAME_KIND_USERNAME, value: 'erin' };
    await world.call(Principals.addLoginName, name, admin);
    for (const value of ['finn@example.com', 'nobody@example.com', 'erin', 'no name']) {
      expect([value, (await refusal(start(value, token))).reason]).toEqual([value, 'NOT_FOUND']);
    }
    await verify('erin@example.com', token);
    expect((await refusal(start('erin@example.com', token))).reason).toBe('ALREADY_EXISTS');
  });

  it('has five tries, counts once, and for the session that asked', async () => {
    const email = 'gus@example.com';
    const { token } = await typed(email);
    const guessed = await start(email, token);
    const right = await codeSentTo(email);
    const wrong = right === '000000' ? '000001' : '000000';
    for (let tries = 0; tries < 5; tries += 1) {
      const { reason } = await refusal(confirm(guessed.ticket, wrong, token));
      expect(reason).toBe('CREDENTIALS_REJECTED');
    }
    expect((await refusal(confirm(guessed.ticket, right, token))).reason).not.toBe('');
    const { ticket } = await start(email, token);
    const code = await codeSentTo(email);
    const other = await passwordLogin(world, { tenant, loginName: email, password });
    const { reason } = await refusal(confirm(ticket, code, other.sessionToken));
    expect(reason).toBe('WRONG_STATE');
    const both = await Promise.allSettled([
      confirm(ticket, code, token),
      confirm(ticket, code, token),
    ]);
    expect(both.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  });

  it('needs somebody who has proved it lately', async () => {
    const { token } = await typed('hal@example.com');
    world.later(600_001);
    expect((await refusal(start('hal@example.com', token))).reason).toBe('STEP_UP_REQUIRED');
  });
});
