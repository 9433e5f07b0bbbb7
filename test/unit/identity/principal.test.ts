import { describe, expect, it } from 'vitest';

import type { LoginNameCommand } from '#services/identity/domain/login-name/commands.js';
import type { PrincipalCommand } from '#services/identity/domain/principal/commands.js';

import {
  adminOf,
  given,
  loginName,
  nowMs,
  passwordSet,
  role,
  tenant,
  user,
  vault,
} from './scenario.js';

const register: PrincipalCommand = {
  type: 'RegisterPrincipal',
  principal: 'p1',
  kind: 'USER',
  loginNames: [loginName('n1'), loginName('n2')],
  origin: 'ADMIN',
};
const registered = {
  type: 'PrincipalRegistered',
  principal: 'p1',
  kind: 'USER',
  profile: undefined,
  loginNames: [loginName('n1'), loginName('n2')],
  origin: 'ADMIN',
};
const suspended = { type: 'PrincipalSuspended', principal: 'p1', admin: false } as const;
const deleted = {
  type: 'PrincipalDeleted',
  principal: 'p1',
  blindIndexes: ['name-p1'],
  admin: false,
} as const;
const admins = [tenant, role('admin', [], true), user('p1'), user('p2'), adminOf('x1', 'p1')];

describe('RegisterPrincipal', () => {
  it('claims the login names', () => {
    expect(given(tenant).when(register)).toEqual({ events: [registered] });
  });

  it('sets a first password in the same record', () => {
    const password = { credential: 'c1', hash: vault, params: 'm=1', mustChange: true };
    expect(given(tenant).when({ ...register, password })).toEqual({
      events: [
        registered,
        { type: 'PasswordSet', principal: 'p1', version: 1, cause: 'ADMIN', ...password },
      ],
    });
    const taken = given(tenant, user('p2'), passwordSet('p2', 'c1'));
    expect(taken.when({ ...register, password })).toEqual({ rejected: 'ALREADY_EXISTS' });
  });

  it('refuses an id or a login name in use', () => {
    expect(given(tenant, user('p1')).when(register)).toEqual({ rejected: 'ALREADY_EXISTS' });
    expect(given(tenant, user('p2', 'n2')).when(register)).toEqual({ rejected: 'NAME_TAKEN' });
  });

  it('refuses a user without a name, a name given twice, and too many', () => {
    const refused = { rejected: 'INVALID_ARGUMENT', fields: ['login_names'] };
    const names = Array.from({ length: 17 }, (_, at) => loginName(`n${at}`));
    for (const loginNames of [[], [loginName('n1'), loginName('n1')], names]) {
      expect(given(tenant).when({ ...register, loginNames })).toEqual(refused);
    }
    const robot = { ...register, kind: 'SERVICE', loginNames: [] } as const;
    expect(given(tenant).when(robot)).toHaveProperty('events');
  });

  it('frees login names when their principal is deleted, but never the id', () => {
    const gone = given(tenant, user('p1'), deleted);
    const again = { ...register, loginNames: [loginName('name-p1')] };
    expect(gone.when(again)).toEqual({ rejected: 'ALREADY_EXISTS' });
    expect(gone.when({ ...again, principal: 'p9' })).toHaveProperty('events');
  });
});

describe('ChangeProfile, InvalidateSessions', () => {
  it('apply to a principal that exists', () => {
    const profile = { type: 'ChangeProfile', principal: 'p1', profile: vault } as const;
    expect(given(tenant, user('p1')).when(profile)).toEqual({
      events: [{ type: 'ProfileChanged', principal: 'p1', profile: vault }],
    });
    const end = { type: 'InvalidateSessions', principal: 'p1', cause: 'COMPROMISE' } as const;
    expect(given(tenant, user('p1')).when(end)).toEqual({
      events: [{ type: 'SessionsInvalidated', principal: 'p1', cause: 'COMPROMISE' }],
    });
    for (const command of [profile, end]) {
      expect(given(tenant).when(command)).toEqual({ rejected: 'NOT_FOUND' });
      expect(given(tenant, user('p1'), deleted).when(command)).toEqual({ rejected: 'NOT_FOUND' });
    }
  });
});

describe('SuspendPrincipal, ResumePrincipal', () => {
  const suspend = { type: 'SuspendPrincipal', principal: 'p1' } as const;
  const resume = { type: 'ResumePrincipal', principal: 'p1' } as const;

  it('suspend for good or until a time, and resume', () => {
    const untilMs = nowMs + 1;
    expect(given(tenant, user('p1')).when({ ...suspend, untilMs })).toEqual({
      events: [{ ...suspended, untilMs }],
    });
    expect(given(tenant, user('p1'), suspended).when(resume)).toEqual({
      events: [{ type: 'PrincipalResumed', principal: 'p1', admin: false }],
    });
  });

  it('change a suspension, or nothing when it is the same', () => {
    const base = given(tenant, user('p1'), suspended);
    expect(base.when(suspend)).toEqual({ events: [] });
    expect(base.when({ ...suspend, untilMs: nowMs + 5 })).toHaveProperty('events.length', 1);
  });

  it('refuse a time in the past, a principal that is not suspended or not there', () => {
    expect(given(tenant, user('p1')).when({ ...suspend, untilMs: nowMs })).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['until_ms'],
    });
    expect(given(tenant, user('p1')).when(resume)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(tenant).when(suspend)).toEqual({ rejected: 'NOT_FOUND' });
  });

  it('keep the last administrator', () => {
    const last = { rejected: 'LAST_ADMIN' };
    expect(given(...admins).when(suspend)).toEqual(last);
    const two = [...admins, adminOf('x2', 'p2')];
    expect(given(...two).when(suspend)).toEqual({
      events: [{ type: 'PrincipalSuspended', principal: 'p1', untilMs: undefined, admin: true }],
    });
    const other = { type: 'PrincipalSuspended', principal: 'p2', admin: true } as const;
    expect(given(...two, other).when(suspend)).toEqual(last);
    expect(
      given(...two, other, { ...other, type: 'PrincipalResumed' }).when(suspend),
    ).toHaveProperty('events');
    const over = { ...other, untilMs: nowMs };
    expect(given(...two, over).when(suspend)).toHaveProperty('events');
    expect(given(...two, { ...other, untilMs: nowMs + 1 }).when(suspend)).toEqual(last);
  });

  it('count neither an admin grant that has expired, nor one that will as the only one', () => {
    const base = [...admins, adminOf('x2', 'p2', { expiresAtMs: nowMs })];
    expect(given(...base).when(suspend)).toEqual({ rejected: 'LAST_ADMIN' });
    const soon = [...admins, adminOf('x2', 'p2', { expiresAtMs: nowMs + 1 })];
    expect(given(...soon).when(suspend)).toEqual({ rejected: 'LAST_ADMIN' });
  });
});

describe('DeletePrincipal', () => {
  const remove = { type: 'DeletePrincipal', principal: 'p1' } as const;

  it('frees the login names', () => {
    expect(given(tenant, user('p1')).when(remove)).toEqual({ events: [deleted] });
  });

  it('refuses the last administrator, and a principal that is gone', () => {
    expect(given(...admins).when(remove)).toEqual({ rejected: 'LAST_ADMIN' });
    expect(given(...admins, adminOf('x2', 'p2')).when(remove)).toEqual({
      events: [{ ...deleted, admin: true }],
    });
    expect(given(tenant, user('p1'), deleted).when(remove)).toEqual({ rejected: 'NOT_FOUND' });
  });
});

describe('VerifyLoginName', () => {
  const email = { ...loginName('n1'), kind: 'EMAIL', verified: false } as const;
  const typed = { type: 'LoginNameAdded', principal: 'p1', loginName: email } as const;
  const proof = { principal: 'p1', blindIndex: 'n1', challenge: 'c1' } as const;
  const verify: LoginNameCommand = { type: 'VerifyLoginName', ...proof };
  const verified = { type: 'LoginNameVerified', ...proof } as const;

  it('verifies an address of the principal by a code, once', () => {
    const base = given(tenant, user('p1'), typed);
    expect(base.when(verify)).toEqual({ events: [verified] });
    expect(given(tenant, user('p1'), typed, verified).when(verify)).toEqual({
      rejected: 'ALREADY_EXISTS',
    });
    const freed = { type: 'LoginNameRemoved', principal: 'p1', blindIndex: 'n1' } as const;
    const again = given(tenant, user('p1'), typed, verified, freed, typed);
    expect(again.when(verify)).toEqual({ rejected: 'ALREADY_USED' });
    expect(again.when({ ...verify, challenge: 'c2' })).toHaveProperty('events');
  });

  it('refuses what is no address, of somebody else, or not there', () => {
    const plain = { ...typed, loginName: { ...email, kind: 'USERNAME' } } as const;
    for (const events of [[plain], [], [{ ...typed, principal: 'p2' } as const]]) {
      const world = given(tenant, user('p1'), user('p2'), ...events);
      expect(world.when(verify)).toEqual({ rejected: 'NOT_FOUND' });
    }
  });
});

describe('AddLoginName, RemoveLoginName', () => {
  const add: LoginNameCommand = {
    type: 'AddLoginName',
    principal: 'p1',
    loginName: loginName('n1'),
  };
  const remove: LoginNameCommand = { type: 'RemoveLoginName', principal: 'p1', blindIndex: 'n1' };
  const added = { type: 'LoginNameAdded', principal: 'p1', loginName: loginName('n1') } as const;

  it('claim and free a name', () => {
    expect(given(tenant, user('p1')).when(add)).toEqual({ events: [added] });
    expect(given(tenant, user('p1'), added).when(remove)).toEqual({
      events: [{ type: 'LoginNameRemoved', principal: 'p1', blindIndex: 'n1' }],
    });
    const freed = { type: 'LoginNameRemoved', principal: 'p1', blindIndex: 'n1' } as const;
    const other = { ...add, principal: 'p2' };
    expect(given(tenant, user('p1'), user('p2'), added, freed).when(other)).toHaveProperty(
      'events',
    );
  });

  it('refuse a name in use, too many, the last one, and what is not there', () => {
    const base = given(tenant, user('p1'), user('p2'), added);
    expect(base.when(add)).toEqual({ rejected: 'ALREADY_EXISTS' });
    expect(base.when({ ...add, principal: 'p2' })).toEqual({ rejected: 'NAME_TAKEN' });
    const full = user('p1', ...Array.from({ length: 16 }, (_, at) => `m${at}`));
    expect(given(tenant, full).when(add)).toEqual({ rejected: 'LIMIT_REACHED' });
    expect(given(tenant, user('p1', 'n1')).when(remove)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(tenant, user('p1')).when(remove)).toEqual({ rejected: 'NOT_FOUND' });
    expect(base.when({ ...remove, principal: 'p2' })).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(tenant).when(add)).toEqual({ rejected: 'NOT_FOUND' });
  });
});
