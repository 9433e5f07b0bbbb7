import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import {
  codeOf,
  enrolPasskey,
  passwordLogin,
  startLoginWorld,
  totpLogin,
  type LoginWorld,
} from '../../support/identity/login-world.js';
import { People } from '../../support/identity/people.js';
import { refusal } from '../../support/identity/refusal.js';
import { temporaryFolder } from '../../support/identity/running-identity.js';

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

describe('changing factors', () => {
  it('needs a session that was verified lately, with the strongest factor', async () => {
    const { person, seed, credentialId, sessionToken: before } = await acme.withTotp();
    const remove = (bearer: string) => world.call(Factors.removeFactor, { credentialId }, bearer);
    // The session of the enrolment knows a password only.
    expect((await refusal(remove(before))).reason).toBe('STEP_UP_REQUIRED');
    const { sessionToken } = await totpLogin(world, person, seed);
    world.later(600_001);
    expect((await refusal(remove(sessionToken))).reason).toBe('STEP_UP_REQUIRED');
    expect((await refusal(remove(acme.admin))).code).toBe(status.UNAUTHENTICATED);
    const stepped = await stepUp(sessionToken, seed);
    expect((await refusal(remove(sessionToken))).code).toBe(status.UNAUTHENTICATED);
    await remove(stepped);
    expect((await passwordLogin(world, person)).acr).toBe('urn:ledgate:acr:1');
  });

  it('a weaker factor removes no stronger one', async () => {
    const { person, seed } = await acme.withTotp();
    const first = await totpLogin(world, person, seed);
    const { credentialId } = await enrolPasskey(world, first.sessionToken);
    const { sessionToken } = await totpLogin(world, person, seed);
    const removal = world.call(Factors.removeFactor, { credentialId }, sessionToken);
    expect((await refusal(removal)).reason).toBe('STEP_UP_REQUIRED');
  });

  it('whoever knows the password alone cannot change it and lock the owner out', async () => {
    const { person, seed } = await acme.withTotp();
    const { loginName, password: currentPassword } = person;
    const newPassword = 'nine new harbours';
    const outside = { tenantId: person.tenant, loginName, currentPassword, newPassword };
    const refused = await refusal(world.call(Credentials.changePassword, outside));
    expect(refused.reason).toBe('SECOND_FACTOR_REQUIRED');
    const { sessionToken } = await totpLogin(world, person, seed);
    const inside = { currentPassword, newPassword };
    const changed = await world.call(Credentials.changePassword, inside, sessionToken);
    expect(changed.sessionToken).toMatch(/^lgs_/u);
  });

  it('an administrator resets all of them, and what was issued before is dead', async () => {
    const { person, seed } = await acme.withTotp();
    const { sessionToken } = await totpLogin(world, person, seed);
    const { principalId } = person;
    const own = world.call(Factors.resetFactors, { principalId }, sessionToken);
    expect((await refusal(own)).code).toBe(status.PERMISSION_DENIED);
    await world.call(Factors.resetFactors, { principalId }, acme.admin);
    const dead = world.call(Factors.listFactors, {}, sessionToken);
    expect((await refusal(dead)).code).toBe(status.UNAUTHENTICATED);
    expect((await passwordLogin(world, person)).acr).toBe('urn:ledgate:acr:1');
  });

  it('a ticket of one enrolment is good for one account, session and factor', async () => {
    const [one, two] = [await acme.somebody(), await acme.somebody()];
    const mine = (await passwordLogin(world, one)).sessionToken;
    const other = (await passwordLogin(world, two)).sessionToken;
    const again = (await passwordLogin(world, one)).sessionToken;
    const { ticket, seed } = await world.call(Factors.startTotp, {}, mine);
    const confirm = { ticket, code: codeOf(world, seed) };
    for (const bearer of [other, again]) {
      const refused = await refusal(world.call(Factors.confirmTotp, confirm, bearer));
      expect(refused.reason).toBe('WRONG_STATE');
    }
    await world.call(Factors.confirmTotp, confirm, mine);
    const twice = await refusal(world.call(Factors.confirmTotp, confirm, mine));
    expect(['WRONG_STATE', 'STEP_UP_REQUIRED']).toContain(twice.reason);
  });

  async function stepUp(sessionToken: string, seed: string): Promise<string> {
    const { step } = await world.call(Logins.startStepUp, { sessionToken });
    const answer = { answer: { $case: 'code' as const, value: codeOf(world, seed) } };
    const request = { sessionToken, ticket: step?.ticket ?? '', answer };
    const { step: end } = await world.call(Logins.stepUp, request);
    world.later();
    expect(end?.done?.sessionToken).not.toBe(sessionToken);
    return end?.done?.sessionToken ?? '';
  }
});
