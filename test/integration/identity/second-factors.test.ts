import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import {
  FactorKind,
  LoginServiceService as Logins,
  type FactorAnswer,
} from '#proto/ledgate/identity/v1/login.js';
import {
  FactorDemand,
  TenantServiceService as Tenants,
} from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import {
  codeOf,
  enrolPasskey,
  passwordLogin,
  startLoginWorld,
  totpLogin,
  type LoginWorld,
  type Person,
} from '../../support/identity/login-world.js';
import { People } from '../../support/identity/people.js';
import { refusal } from '../../support/identity/refusal.js';
import { temporaryFolder } from '../../support/identity/running-identity.js';
import { setUpUser } from '../../support/identity/tenant-setup.js';

const folder = temporaryFolder();
let world: LoginWorld;
let acme: People;

beforeAll(async () => {
  world = await startLoginWorld(folder.path);
  acme = await People.in(world, 'acme');
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

const password = 'seven slow harbours';
const code = (value: string): FactorAnswer => ({ answer: { $case: 'code', value } });
const passkey = (value: string): FactorAnswer => ({ answer: { $case: 'passkeyJson', value } });

const somebody = () => acme.somebody();
const withTotp = () => acme.withTotp();

async function ticketOf(person: Person): Promise<string> {
  const { step } = await world.call(Logins.startLogin, person);
  expect(step?.done).toBeUndefined();
  return step?.ticket ?? '';
}

describe('a log-in', () => {
  it('ends with the password where the account has nothing else', async () => {
    const done = await passwordLogin(world, await somebody());
    expect(done).toMatchObject({ acr: 'urn:ledgate:acr:1', amr: ['pwd'] });
    expect(done.sessionToken).toMatch(/^lgs_/u);
  });

  it('asks for the code of an authenticator app, and takes each step once', async () => {
    const { person, seed, credentialId } = await withTotp();
    const { step } = await world.call(Logins.startLogin, person);
    expect(step?.factors).toMatchObject([{ kind: FactorKind.FACTOR_KIND_TOTP, credentialId }]);
    const ticket = step?.ticket ?? '';
    const right = code(codeOf(world, seed));
    const { step: end } = await world.call(Logins.answerFactor, { ticket, answer: right });
    expect(end?.done).toMatchObject({ acr: 'urn:ledgate:acr:2', amr: ['pwd', 'otp', 'mfa'] });
    const again = await ticketOf(person);
    const replay = await refusal(world.call(Logins.answerFactor, { ticket: again, answer: right }));
    expect(replay.reason).toBe('ALREADY_USED');
    world.later();
    const next = code(codeOf(world, seed));
    const { step: other } = await world.call(Logins.answerFactor, { ticket: again, answer: next });
    expect(other?.done?.acr).toBe('urn:ledgate:acr:2');
  });

  it('does not take the code that the app was enrolled with', async () => {
    const { person, seed } = await withTotp();
    world.later(-30_000);
    const answer = code(codeOf(world, seed));
    const ticket = await ticketOf(person);
    const answered = refusal(world.call(Logins.answerFactor, { ticket, answer }));
    expect((await answered).code).toBe(status.UNAUTHENTICATED);
    world.later();
  });

  it('takes a passkey as a second factor, and a passkey alone that verified its user', async () => {
    const person = await somebody();
    const { sessionToken } = await passwordLogin(world, person);
    const { device, credentialId } = await enrolPasskey(world, sessionToken);
    const ticket = await ticketOf(person);
    const chosen = await world.call(Logins.chooseFactor, { ticket, credentialId });
    const answer = passkey(device.get(chosen.passkeyOptionsJson, { userVerified: false }));
    const request = { ticket: chosen.ticket, answer };
    const { step } = await world.call(Logins.answerFactor, request);
    expect(step?.done).toMatchObject({ acr: 'urn:ledgate:acr:2', amr: ['pwd', 'hwk', 'mfa'] });
    const replay = await refusal(world.call(Logins.answerFactor, request));
    expect(replay.reason).toBe('ALREADY_USED');
    const alone = await world.call(Logins.startPasskeyLogin, {});
    const begun = { ticket: alone.ticket, tenant: 'acme' };
    const unverified = device.get(alone.passkeyOptionsJson, { userVerified: false });
    const refused = world.call(Logins.finishPasskeyLogin, { ...begun, passkeyJson: unverified });
    expect((await refusal(refused)).code).toBe(status.UNAUTHENTICATED);
    const passkeyJson = device.get(alone.passkeyOptionsJson);
    const { step: end } = await world.call(Logins.finishPasskeyLogin, { ...begun, passkeyJson });
    expect(end?.done).toMatchObject({ acr: 'urn:ledgate:acr:2', amr: ['hwk', 'user'] });
    expect(end?.done?.principalId).toBe(person.principalId);
    const twice = await refusal(world.call(Logins.finishPasskeyLogin, { ...begun, passkeyJson }));
    expect(twice.reason).toBe('ALREADY_USED');
  });

  it('CVE-2026-28787: takes no passkey answer to a challenge that the caller brought', async () => {
    const person = await somebody();
    const { sessionToken } = await passwordLogin(world, person);
    const { device, credentialId } = await enrolPasskey(world, sessionToken);
    const chosen = async () => {
      const ticket = await ticketOf(person);
      return world.call(Logins.chooseFactor, { ticket, credentialId });
    };
    const [mine, other] = [await chosen(), await chosen()];
    const ofOther = passkey(device.get(other.passkeyOptionsJson));
    const own = passkey(device.get(mine.passkeyOptionsJson, { challenge: 'AAAA' }));
    for (const answer of [ofOther, own]) {
      const request = { ticket: mine.ticket, answer };
      const refused = await refusal(world.call(Logins.answerFactor, request));
      expect(refused.code).toBe(status.UNAUTHENTICATED);
    }
    const without = await ticketOf(person);
    const request = { ticket: without, answer: passkey(device.get(mine.passkeyOptionsJson)) };
    const refused = await refusal(world.call(Logins.answerFactor, request));
    expect(refused.code).toBe(status.UNAUTHENTICATED);
  });

  it('blocks a passkey whose counter went back: somebody has copied it', async () => {
    const person = await somebody();
    const { sessionToken } = await passwordLogin(world, person);
    const { device } = await enrolPasskey(world, sessionToken);
    const logIn = async (signCount: number) => {
      const { ticket, passkeyOptionsJson } = await world.call(Logins.startPasskeyLogin, {});
      const passkeyJson = device.get(passkeyOptionsJson, { signCount });
      return world.call(Logins.finishPasskeyLogin, { ticket, tenant: 'acme', passkeyJson });
    };
    expect((await logIn(9)).step?.done?.principalId).toBe(person.principalId);
    expect((await refusal(logIn(4))).code).toBe(status.UNAUTHENTICATED);
    expect((await refusal(logIn(10))).code).toBe(status.UNAUTHENTICATED);
    const { factors } = await world.call(
      Factors.listFactors,
      { principalId: person.principalId },
      acme.admin,
    );
    expect(factors).toMatchObject([{ status: 'BLOCKED' }]);
    // What is blocked still guards the account.
    const { step } = await world.call(Logins.startLogin, person);
    expect(step).toMatchObject({ done: undefined, factors: [], enrolmentRequired: false });
  });
});

describe('recovery codes', () => {
  it('stand in for a lost factor, once each', async () => {
    const { person, sessionToken: _, seed } = await withTotp();
    const { sessionToken } = await totpLogin(world, person, seed);
    const { codes } = await world.call(Factors.generateRecoveryCodes, {}, sessionToken);
    expect(codes).toHaveLength(10);
    const [first = ''] = codes;
    const typed = first.toUpperCase().replaceAll('-', ' ');
    const answer: FactorAnswer = { answer: { $case: 'recoveryCode', value: typed } };
    const ticket = await ticketOf(person);
    const { step } = await world.call(Logins.answerFactor, { ticket, answer });
    expect(step?.done?.amr).toEqual(['pwd', 'recovery', 'mfa']);
    const again = { ticket: await ticketOf(person), answer };
    const refused = await refusal(world.call(Logins.answerFactor, again));
    expect(refused.code).toBe(status.UNAUTHENTICATED);
    const token = step?.done?.sessionToken ?? '';
    const listed = await world.call(Factors.listFactors, {}, token);
    expect(listed.recoveryCodes).toBe(9);
  });
});

describe('wrong codes', () => {
  it('Keycloak #46164: are counted before they are looked at, over all log-ins of the account', async () => {
    const { person, seed } = await withTotp();
    let compared = 0;
    const reasons = new Set<string>();
    for (let login = 0; login < 8; login += 1) {
      const ticket = await ticketOf(person);
      for (let attempt = 0; attempt < 6; attempt += 1) {
        const answer = code('000000');
        const refused = await refusal(world.call(Logins.answerFactor, { ticket, answer }));
        reasons.add(refused.reason);
        if (refused.code === status.UNAUTHENTICATED) compared += 1;
      }
    }
    expect(reasons).toEqual(
      new Set(['CREDENTIALS_REJECTED', 'LIMIT_REACHED', 'TOO_MANY_REQUESTS']),
    );
    expect(compared).toBe(25);
    // Half an hour later the owner is let in again; a known device was never kept out.
    world.later(1_800_000);
    expect((await totpLogin(world, person, seed)).acr).toBe('urn:ledgate:acr:2');
  });

  it('of strangers who know the password do not keep a known device out', async () => {
    const { person, seed } = await withTotp();
    const { deviceToken } = await totpLogin(world, person, seed);
    for (let login = 0; login < 6; login += 1) {
      const ticket = await ticketOf(person);
      const wrong = { ticket, answer: code('000000') };
      for (let at = 0; at < 5; at += 1) await refusal(world.call(Logins.answerFactor, wrong));
    }
    expect((await refusal(totpLogin(world, person, seed))).reason).toBe('TOO_MANY_REQUESTS');
    const done = await totpLogin(world, person, seed, { deviceToken });
    expect(done.acr).toBe('urn:ledgate:acr:2');
  });
});

describe('an account with a second factor', () => {
  it('CVE-2026-9798: has no pathway on which the password is enough', async () => {
    const { person } = await withTotp();
    const { tenant, loginName } = person;
    const login = await refusal(world.call(Tokens.login, { tenant, loginName, password }));
    expect(login.reason).toBe('SECOND_FACTOR_REQUIRED');
    const basic = { tenant, username: loginName, password };
    expect((await world.call(Tokens.verifyPassword, basic, world.root)).verified).toBe(false);
    const { step } = await world.call(Logins.startLogin, person);
    expect(step?.done).toBeUndefined();
  });

  it('is taken by HTTP Basic only where the tenant says so', async () => {
    const { person } = await withTotp();
    const settings = (basicWithoutFactor: boolean) => ({
      settings: {
        factors: {
          allowed: [],
          requiredFor: FactorDemand.FACTOR_DEMAND_NOBODY,
          rememberDevicesDays: 0,
          basicWithoutFactor,
        },
      } as never,
    });
    await world.call(Tenants.updateTenantSettings, settings(true), acme.admin);
    const basic = { tenant: 'acme', username: person.loginName, password };
    expect((await world.call(Tokens.verifyPassword, basic, world.root)).verified).toBe(true);
    await world.call(Tenants.updateTenantSettings, settings(false), acme.admin);
    expect((await world.call(Tokens.verifyPassword, basic, world.root)).verified).toBe(false);
  });
});

describe('codes by mail', () => {
  const policy = (allowed: FactorKind[]) => ({
    settings: {
      factors: { allowed, requiredFor: FactorDemand.FACTOR_DEMAND_NOBODY, rememberDevicesDays: 0 },
    } as never,
  });

  it('are a factor where the tenant wants them, and work once', async () => {
    const everything = [1, 2, 3, 4, 5] as FactorKind[];
    await world.call(Tenants.updateTenantSettings, policy(everything), acme.admin);
    const person = await somebody();
    const { sessionToken } = await passwordLogin(world, person);
    const address = `${person.loginName}@example.com`;
    const kind = FactorKind.FACTOR_KIND_EMAIL;
    const begun = await world.call(Factors.startOtpChannel, { kind, address }, sessionToken);
    const confirm = { ticket: begun.ticket, code: await lastCode(address, 'VERIFY_ADDRESS') };
    const { enrolled } = await world.call(Factors.confirmOtpChannel, confirm, sessionToken);
    const credentialId = enrolled?.credentialId ?? '';
    const ticket = await ticketOf(person);
    const chosen = await world.call(Logins.chooseFactor, { ticket, credentialId });
    const request = { ticket: chosen.ticket, answer: code(await lastCode(address)) };
    const wrong = { ...request, answer: code('000000') };
    expect((await refusal(world.call(Logins.answerFactor, wrong))).reason).toBe(
      'CREDENTIALS_REJECTED',
    );
    const { step } = await world.call(Logins.answerFactor, request);
    expect(step?.done?.amr).toEqual(['pwd', 'email', 'mfa']);
    const again = await refusal(world.call(Logins.answerFactor, request));
    expect(again.reason).toBe('ALREADY_USED');
    // Whoever pumps messages is stopped.
    const more = () => world.call(Logins.chooseFactor, { ticket, credentialId });
    for (let at = 0; at < 4; at += 1) await more();
    expect((await refusal(more())).reason).toBe('TOO_MANY_REQUESTS');
  });

  async function lastCode(
    address: string,
    kind: 'LOGIN_CODE' | 'VERIFY_ADDRESS' = 'LOGIN_CODE',
  ): Promise<string> {
    const { text } = await world.messageTo(address, kind);
    return /\b\d{3} ?\d{3}\b/u.exec(text)?.[0] ?? '';
  }
});

describe('policy', () => {
  it('demands a first factor at the next log-in, and remembers devices', async () => {
    const beta = await People.in(world, 'beta');
    const settings = (requiredFor: FactorDemand) => ({
      settings: { factors: { allowed: [], requiredFor, rememberDevicesDays: 30 } } as never,
    });
    const person = { tenant: 'beta', loginName: 'bea', password };
    await setUpUser(world, beta.admin, 'bea', password);
    const everybody = settings(FactorDemand.FACTOR_DEMAND_EVERYBODY);
    await world.call(Tenants.updateTenantSettings, everybody, beta.admin);
    const { step } = await world.call(Logins.startLogin, person);
    expect(step).toMatchObject({ done: undefined, factors: [], enrolmentRequired: true });
    const loginTicket = step?.ticket ?? '';
    const begun = await world.call(Factors.startTotp, { loginTicket });
    const confirm = { loginTicket, ticket: begun.ticket, code: codeOf(world, begun.seed) };
    const { enrolled } = await world.call(Factors.confirmTotp, confirm);
    expect(enrolled?.done).toMatchObject({ acr: 'urn:ledgate:acr:2' });
    world.later();
    // The ticket is spent: with the password alone nobody adds another factor.
    const more = await refusal(world.call(Factors.startTotp, { loginTicket }));
    expect(more.reason).toBe('WRONG_STATE');
    const session = enrolled?.done?.sessionToken ?? '';
    const { credentialId = '' } = enrolled ?? {};
    const last = await refusal(world.call(Factors.removeFactor, { credentialId }, session));
    expect(last.reason).toBe('WRONG_STATE');
    const first = await totpLogin(world, person, begun.seed, { rememberDevice: true });
    const { deviceToken } = first;
    const spared = await totpLogin(world, person, begun.seed, { deviceToken });
    expect(spared).toMatchObject({ acr: 'urn:ledgate:acr:1', amr: ['pwd'] });
    expect(spared.deviceToken).toBe(deviceToken);
    // Of another account it is worth nothing; nor after the password has changed.
    const newPassword = 'eight slow harbours';
    const change = { currentPassword: password, newPassword };
    await world.call(Credentials.changePassword, change, spared.sessionToken);
    const { step: after } = await world.call(Logins.startLogin, {
      ...person,
      password: newPassword,
      deviceToken,
    });
    expect(after?.done).toBeUndefined();
  });
});
