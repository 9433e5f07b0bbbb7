import { beforeEach, describe, expect, it } from 'vitest';
import type { VerifiedPassword } from '#libs/access/evaluate/credential-status.js';
import { Failure } from '#libs/errors/failure.js';
import type { IdentityPort, PasswordClaim } from '#services/authorizer/app/identity-port.js';
import type { Who } from '#services/authorizer/app/question.js';
import {
  granted,
  passwordSet,
  permissionDefined,
  registered,
  roleCreated,
  tenantWithCaller,
} from '../../support/authorizer/seed-events.js';
import { AppWorld, callBy, failureOf } from './app-world.js';

const acme = tenantWithCaller('acme');
const beta = tenantWithCaller('beta', 'beta-gateway');
const right = 'correct horse battery staple';
let world: AppWorld;
let claims: PasswordClaim[];
let version: number;
let broken: Failure | undefined;

/** Identity: knows the password of alice, and is as new as `version` says. */
const identity: IdentityPort = {
  verifyPassword: async (claim) => {
    claims.push(claim);
    if (broken !== undefined) throw broken;
    const known = claim.username === 'alice@acme.test' && claim.password === right;
    const verified: VerifiedPassword = {
      tenant: claim.tenant,
      principal: 'alice',
      credential: 'password-of-alice',
      version,
    };
    return known ? verified : undefined;
  },
  appendBarrier: async () => ({ position: world.reader.position, sessionPosition: -1 }),
};

beforeEach(async () => {
  claims = [];
  version = 1;
  broken = undefined;
  world = await AppWorld.begin(identity);
  await world.happen('acme', ...acme.events);
  await world.happen('beta', ...beta.events);
  await world.happen(
    'acme',
    permissionDefined('orders:read'),
    roleCreated('clerk', ['orders:read']),
    registered('alice'),
    granted('alice', 'clerk'),
    passwordSet('alice', 1),
  );
});

const basic = (password = right, tenant = 'acme', username = 'alice@acme.test'): Who => ({
  kind: 'BASIC',
  tenant,
  username,
  password,
});
const reasonOf = async (who: Who, caller = acme.apiKey): Promise<string> => {
  const question = { who, action: 'orders:read', resource: 'x' };
  return (await world.app.authorizer.authorize(callBy(caller), question, undefined)).reason;
};

describe('HTTP Basic', () => {
  it('asks identity once, and again when a minute has passed', async () => {
    expect(await reasonOf(basic())).toBe('ALLOWED');
    expect(await reasonOf(basic())).toBe('ALLOWED');
    expect(claims).toHaveLength(1);
    world.clock.advance(60_000);
    expect(await reasonOf(basic())).toBe('ALLOWED');
    expect(claims).toHaveLength(2);
  });

  it('asks identity once for calls that come together', async () => {
    const reasons = await Promise.all([reasonOf(basic()), reasonOf(basic()), reasonOf(basic())]);
    expect(reasons).toEqual(['ALLOWED', 'ALLOWED', 'ALLOWED']);
    expect(claims).toHaveLength(1);
  });

  it('never keeps a no', async () => {
    expect(await reasonOf(basic('wrong'))).toBe('PASSWORD_REJECTED');
    expect(await reasonOf(basic('wrong'))).toBe('PASSWORD_REJECTED');
    expect(claims).toHaveLength(2);
  });

  it('forgets its yes as soon as the password is another one', async () => {
    expect(await reasonOf(basic())).toBe('ALLOWED');
    await world.happen('acme', passwordSet('alice', 2));
    // Identity, still behind, would say yes to the old one: it does not count.
    expect(await reasonOf(basic())).toBe('CREDENTIAL_CHANGED');
    expect(claims).toHaveLength(2);
    version = 2;
    expect(await reasonOf(basic())).toBe('ALLOWED');
  });

  it('is refused at once when the principal is suspended or its password blocked', async () => {
    expect(await reasonOf(basic())).toBe('ALLOWED');
    const credential = 'password-of-alice';
    const cause = 'COMPROMISE' as const;
    await world.happen('acme', {
      type: 'CredentialBlocked',
      principal: 'alice',
      credential,
      cause,
    });
    expect(await reasonOf(basic())).toBe('CREDENTIAL_BLOCKED');
    await world.happen('acme', { type: 'CredentialUnblocked', principal: 'alice', credential });
    await world.happen('acme', { type: 'PrincipalSuspended', principal: 'alice', admin: false });
    expect(await reasonOf(basic())).toBe('PRINCIPAL_SUSPENDED');
  });

  it('does not take "not yet" for "no" when identity is ahead', async () => {
    version = 2;
    expect((await failureOf(() => reasonOf(basic()))).reason).toBe('NOT_YET_KNOWN');
    await world.happen('acme', passwordSet('alice', 2));
    expect(await reasonOf(basic())).toBe('ALLOWED');
  });

  it('keeps passwords apart: nothing of one claim answers for another', async () => {
    expect(await reasonOf(basic())).toBe('ALLOWED');
    expect(await reasonOf(basic(`${right} `))).toBe('PASSWORD_REJECTED');
    expect(await reasonOf(basic(right, 'acme', 'alice@acme.tes'))).toBe('PASSWORD_REJECTED');
    expect(await reasonOf(basic(right.slice(1), 'acme', `alice@acme.test${right[0]}`))).toBe(
      'PASSWORD_REJECTED',
    );
  });

  it('does not even try a password of a tenant that the caller may not see', async () => {
    expect(await reasonOf(basic(), beta.apiKey)).toBe('PASSWORD_REJECTED');
    expect(await reasonOf(basic(right, 'nowhere'))).toBe('PASSWORD_REJECTED');
    expect(claims).toHaveLength(0);
  });

  it('passes on why identity cannot be asked; in a batch only that question is undecided', async () => {
    broken = new Failure('OVERLOADED', 'too many');
    expect((await failureOf(() => reasonOf(basic()))).reason).toBe('OVERLOADED');
    const subject: Who = { kind: 'SUBJECT', tenant: 'acme', principal: 'alice' };
    const questions = [basic(), subject].map((who) => {
      return { who, action: 'orders:read', resource: 'x' };
    });
    const answers = await world.app.authorizer.batch(callBy(acme.apiKey), questions, undefined);
    expect(answers.map(({ reason }) => reason)).toEqual(['IDENTITY_UNAVAILABLE', 'ALLOWED']);
  });

  it('cannot be asked without an identity service', async () => {
    const alone = await AppWorld.begin();
    await alone.happen('acme', ...acme.events);
    const question = { who: basic(), action: 'orders:read', resource: 'x' };
    const call = callBy(acme.apiKey);
    const refused = failureOf(() => alone.app.authorizer.authorize(call, question, undefined));
    expect((await refused).reason).toBe('UNSUPPORTED');
  });
});
