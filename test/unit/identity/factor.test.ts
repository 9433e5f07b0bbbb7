import { describe, expect, it } from 'vitest';
import { MemoryStore } from '#libs/decider/memory-store.js';
import { TrackedView } from '#libs/decider/tracked-view.js';
import type { DomainEvent, FactorPolicy } from '#libs/events/catalogue.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import type { EnrolTotp, RegisterPasskey } from '#services/identity/domain/factor/commands.js';
import {
  codesLeft,
  factorBlobs,
  factorsHeld,
  mostFactorsOfKind,
  recoveryOf,
} from '#services/identity/domain/factor/state.js';
import { given, passwordSet, storeOf, tenant, user, vault } from './scenario.js';

const base = [tenant, user('p1'), passwordSet('p1', 'c1')];
const policy = (change: Partial<FactorPolicy>): DomainEvent => ({
  type: 'TenantSettingsChanged',
  settings: {
    factors: { allowed: [], requiredFor: 'NOBODY', rememberDevicesDays: 0, ...change },
  },
});
const totp: EnrolTotp = {
  type: 'EnrolTotp',
  principal: 'p1',
  credential: 'f1',
  name: 'Phone',
  challenge: 'h1',
  seed: { id: 'seed', sha256: 'hs' },
  algorithm: 'SHA1',
  digits: 6,
  periodSeconds: 30,
  firstStep: 7,
};
const passkey: RegisterPasskey = {
  type: 'RegisterPasskey',
  principal: 'p1',
  credential: 'f2',
  name: 'Key',
  challenge: 'h2',
  webauthnId: 'w',
  idSha256: 'wh',
  publicKey: 'k',
  aaguid: '',
  transports: [],
  userVerified: true,
  discoverable: true,
  backupEligible: false,
  backedUp: false,
  signCount: 0,
};
const eventOf = (command: EnrolTotp | RegisterPasskey): DomainEvent =>
  command.type === 'EnrolTotp'
    ? { ...command, type: 'TotpEnrolled' }
    : { ...command, type: 'PasskeyRegistered' };
const app = eventOf(totp);
const key = eventOf(passkey);
const codes: DomainEvent = {
  type: 'RecoveryCodesGenerated',
  principal: 'p1',
  credential: 'r1',
  generation: 1,
  count: 2,
  codes: { id: 'codes', sha256: 'hc' },
};
const burnt = (index: number, remaining: number): DomainEvent => ({
  type: 'RecoveryCodeConsumed',
  principal: 'p1',
  credential: 'r1',
  generation: 1,
  index,
  remaining,
});
const viewOf = (...events: readonly DomainEvent[]) => new TrackedView(storeOf(events));

describe('enrolment', () => {
  it('adds a factor once for each ticket', () => {
    expect(given(...base).when(totp)).toEqual({ events: [app] });
    expect(given(...base).when(passkey)).toEqual({ events: [key] });
    const again = { ...totp, credential: 'f9' };
    expect(given(...base, app).when(again)).toEqual({ rejected: 'WRONG_STATE' });
    const taken = { ...totp, challenge: 'h9' };
    expect(given(...base, app).when(taken)).toEqual({ rejected: 'ALREADY_EXISTS' });
    const twice = { ...passkey, credential: 'f9', challenge: 'h9' };
    expect(given(...base, key).when(twice)).toEqual({ rejected: 'ALREADY_EXISTS' });
  });

  it('takes the kinds that the tenant takes; text messages and mail only where it says so', () => {
    const sms = {
      type: 'EnrolOtpChannel',
      principal: 'p1',
      credential: 'f3',
      name: 'Phone',
      challenge: 'h3',
      channel: 'SMS',
      blindIndex: 'b',
      address: vault,
    } as const;
    const no = { rejected: 'WRONG_STATE' };
    expect(given(...base).when(sms)).toEqual(no);
    expect(given(...base, policy({ allowed: ['SMS'] })).when(sms)).toHaveProperty('events');
    expect(given(...base, policy({ allowed: ['SMS'] })).when(totp)).toEqual(no);
  });

  it('has a limit for each kind, a name, and somebody it belongs to', () => {
    const many = Array.from({ length: mostFactorsOfKind }, (_, at) =>
      eventOf({ ...totp, credential: `many-${at}`, challenge: `many-${at}` }),
    );
    expect(given(...base, ...many).when(totp)).toEqual({ rejected: 'LIMIT_REACHED' });
    expect(given(...base, ...many).when(passkey)).toHaveProperty('events');
    const nameless = { ...totp, name: '' };
    expect(given(...base).when(nameless)).toHaveProperty('rejected', 'INVALID_ARGUMENT');
    expect(given(tenant).when(totp)).toEqual({ rejected: 'NOT_FOUND' });
  });

  it('two at once meet on the list of the account', () => {
    const view = new TrackedView(storeOf(base));
    factorsHeld(view, 't1', 'p1');
    expect(view.reads().map(({ kind }) => kind)).toContain('factors-of');
  });
});

describe('removal', () => {
  const remove = { type: 'RemoveFactor', principal: 'p1', credential: 'f1' } as const;

  it('takes the factor away, and remembers the blob that it pointed to', () => {
    const gone = given(...base, app).when({ ...remove, cause: 'OWNER' });
    const event = { principal: 'p1', credential: 'f1', kind: 'TOTP', cause: 'OWNER' };
    expect(gone).toEqual({ events: [{ type: 'CredentialRemoved', ...event }] });
    const removed = { type: 'CredentialRemoved', ...event } as DomainEvent;
    const after = viewOf(...base, app, removed);
    expect(factorsHeld(after, 't1', 'p1')).toEqual([]);
    expect(factorBlobs(after, 't1', 'p1')).toEqual(['seed']);
    expect(credentials.read(after, 't1', 'f1')?.status).toBe('REVOKED');
    expect(given(...base, app, removed).when({ ...remove, cause: 'OWNER' })).toEqual({
      rejected: 'NOT_FOUND',
    });
  });

  it('of the last one is refused to its owner where the tenant wants one, not to an admin', () => {
    const strict = policy({ requiredFor: 'EVERYBODY' });
    const own = { ...remove, cause: 'OWNER' } as const;
    expect(given(...base, app, strict).when(own)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...base, app, key, strict).when(own)).toHaveProperty('events');
    const blocked = { principal: 'p1', credential: 'f2', cause: 'CLONE_DETECTED' } as const;
    const rest = { type: 'CredentialBlocked', ...blocked } as const;
    expect(given(...base, app, key, rest, strict).when(own)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...base, app, strict).when({ ...own, cause: 'ADMIN' })).toHaveProperty('events');
    const admins = policy({ requiredFor: 'ADMINS' });
    expect(given(...base, app, admins).when(own)).toHaveProperty('events');
  });

  it('of the last way to log in is refused to its owner', () => {
    const passwordless = [tenant, user('p1'), key];
    const own = { ...remove, credential: 'f2', cause: 'OWNER' } as const;
    expect(given(...passwordless).when(own)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...passwordless, app).when(own)).toEqual({ rejected: 'WRONG_STATE' });
    const password = { type: 'RemovePassword', principal: 'p1', cause: 'OWNER' } as const;
    expect(given(...base, app).when(password)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...base, key).when(password)).toHaveProperty('events');
  });

  it('of everything by an administrator ends what was issued before', () => {
    const reset = { type: 'ResetFactors', principal: 'p1' } as const;
    const result = given(...base, app, key, codes).when(reset);
    expect(result).toMatchObject({
      events: [
        { type: 'CredentialRemoved', credential: 'f1', kind: 'TOTP', cause: 'ADMIN' },
        { type: 'CredentialRemoved', credential: 'f2', kind: 'PASSKEY', cause: 'ADMIN' },
        { type: 'CredentialRemoved', credential: 'r1', kind: 'RECOVERY_CODES', cause: 'ADMIN' },
        { type: 'SessionsInvalidated', principal: 'p1', cause: 'ADMIN' },
      ],
    });
    const events = 'events' in result ? result.events : [];
    const after = viewOf(...base, app, key, codes, ...events);
    expect(factorsHeld(after, 't1', 'p1')).toEqual([]);
    expect(codesLeft(recoveryOf.read(after, 't1', 'p1'))).toBe(0);
    expect(factorBlobs(after, 't1', 'p1')).toEqual(['seed', 'codes']);
    expect(given(...base, app, codes, ...events).when(reset)).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(...base).when(reset)).toEqual({ rejected: 'NOT_FOUND' });
  });
});

describe('recovery codes', () => {
  const generate = {
    type: 'GenerateRecoveryCodes',
    principal: 'p1',
    credential: 'r2',
    count: 10,
    codes: vault,
  } as const;
  const use = { type: 'ConsumeRecoveryCode', principal: 'p1', generation: 1, index: 0 } as const;
  const no = { rejected: 'CREDENTIALS_REJECTED' };

  it('stand in for a factor, so there must be one', () => {
    expect(given(...base).when(generate)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(...base, app).when(generate)).toHaveProperty('events.0.generation', 1);
    const second = given(...base, app, codes).when(generate);
    expect(second).toHaveProperty('events.0', expect.objectContaining({ generation: 2 }));
    expect(second).toHaveProperty('events.0.credential', 'r1');
  });

  it('work once each, and not beside those of a later generation', () => {
    const world = [...base, app, codes];
    expect(given(...world).when(use)).toEqual({ events: [burnt(0, 1)] });
    expect(given(...world, burnt(0, 1)).when(use)).toEqual(no);
    const other = { ...use, index: 1 };
    expect(given(...world, burnt(0, 1)).when(other)).toEqual({ events: [burnt(1, 0)] });
    expect(given(...world, { ...codes, generation: 2 }).when(use)).toEqual(no);
    expect(given(...base).when(use)).toEqual(no);
  });

  it('that are replaced leave their blob to be erased', () => {
    const later = { ...codes, generation: 2, codes: { id: 'codes2', sha256: 'h' } };
    const view = viewOf(...base, app, codes, burnt(0, 1), later);
    expect(codesLeft(recoveryOf.read(view, 't1', 'p1'))).toBe(2);
    expect(factorBlobs(view, 't1', 'p1')).toEqual(['seed', 'codes2', 'codes']);
  });
});

it('erasing somebody finds what factors pointed to, also those that are gone', () => {
  const gone: DomainEvent = {
    type: 'CredentialRemoved',
    principal: 'p1',
    credential: 'f1',
    kind: 'TOTP',
    cause: 'OWNER',
  };
  const deleted: DomainEvent = {
    type: 'PrincipalDeleted',
    principal: 'p1',
    blindIndexes: [],
    admin: false,
  };
  const erase = { type: 'EraseSubject', principal: 'p1' } as const;
  const result = given(...base, app, key, codes, gone, deleted).when(erase);
  expect(result).toHaveProperty('events.0.vaultIds', expect.arrayContaining(['seed', 'codes']));
});

it('an empty store holds no factors', () => {
  expect(factorsHeld(new TrackedView(new MemoryStore()), 't1', 'p1')).toEqual([]);
});
