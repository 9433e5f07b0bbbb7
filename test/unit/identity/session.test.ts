import { describe, expect, it } from 'vitest';

import type { DomainEvent } from '#libs/events/catalogue.js';
import type { SessionCommand } from '#services/identity/domain/session-commands.js';
import { freeFailures, throttleDelayMs } from '#services/identity/domain/attempts/throttle.js';
import { nowMs } from './scenario.js';
import {
  newFamily,
  sessionFacts,
  sessionStarted,
  SessionWorld,
  startSession,
} from './session-world.js';

const minute = 60_000;
const hour = 60 * minute;

/** The events of a command on a world of these events, or the reason why not. */
function on(past: readonly DomainEvent[], command: SessionCommand, atMs = nowMs) {
  const decision = new SessionWorld(past).decision(command, atMs);
  return 'rejected' in decision ? decision.rejected.reason : decision.events;
}

const typesOf = (events: readonly DomainEvent[] | string) =>
  typeof events === 'string' ? events : events.map((event) => event.type);

describe('sessions', () => {
  it('begin with what was proved, and say when they end', () => {
    const used = { totp: { credential: 'c3', step: 5 } };
    expect(on([], startSession('s1', { used }))).toEqual([
      { type: 'SessionStarted', ...sessionFacts('s1'), used },
    ]);
  });

  it('never go on beyond their end, however long they may be idle', () => {
    const short = startSession('s1', { expiresAtMs: nowMs + minute });
    expect(on([], short)).toMatchObject([{ idleUntilMs: nowMs + minute }]);
    const past = [sessionStarted('s1', { expiresAtMs: nowMs + 90 * minute })];
    const extend = { type: 'ExtendSession', session: 's1', idleMs: 2 * hour } as const;
    expect(on(past, extend)).toMatchObject([{ idleUntilMs: nowMs + 90 * minute }]);
    expect(on(past, extend, nowMs + 61 * minute)).toBe('NOT_FOUND');
  });

  it('refuse an end that is too far ahead, or behind', () => {
    const far = startSession('s1', { expiresAtMs: nowMs + 366 * 24 * hour });
    expect(on([], far)).toBe('INVALID_ARGUMENT');
    expect(on([], startSession('s1', { expiresAtMs: nowMs }))).toBe('INVALID_ARGUMENT');
  });

  it('are extended every five minutes at most', () => {
    const extend = { type: 'ExtendSession', session: 's1', idleMs: hour } as const;
    const past = [sessionStarted('s1')];
    expect(on(past, extend, nowMs + 5 * minute - 1)).toEqual([]);
    expect(on(past, extend, nowMs + 5 * minute)).toMatchObject([
      { type: 'SessionExtended', session: 's1', idleUntilMs: nowMs + 65 * minute },
    ]);
  });

  it('one too many ends the oldest, and first those that nobody used', () => {
    const three = [
      sessionStarted('s1'),
      sessionStarted('s2', { idleUntilMs: nowMs }),
      sessionStarted('s3'),
    ];
    expect(on(three, startSession('s4'))).toMatchObject([
      { type: 'SessionEnded', session: 's2', cause: 'LIMIT' },
      { type: 'SessionStarted', session: 's4' },
    ]);
    expect(on(three, startSession('s4', { mostSessions: 2 }))).toMatchObject([
      { type: 'SessionEnded', session: 's2' },
      { type: 'SessionEnded', session: 's1' },
      { type: 'SessionStarted' },
    ]);
    expect(typesOf(on(three, startSession('s4', { principal: 'p2' })))).toEqual(['SessionStarted']);
  });

  it('those that are over do not count, and are forgotten an hour after', () => {
    const world = new SessionWorld([
      sessionStarted('s1', { expiresAtMs: nowMs + 1 }),
      sessionStarted('s2', { expiresAtMs: nowMs + 1 }),
    ]);
    const later = nowMs + 2 * hour;
    const start = startSession('s3', { mostSessions: 1, expiresAtMs: later + hour });
    const decision = world.decision(start, later);
    const events = 'events' in decision ? decision.events : [];
    expect(typesOf(events)).toEqual(['SessionStarted']);
    for (const event of events) world.fold(event, later);
    expect(world.documents()).toContain('sessions-list:p1",{"sessions":[{"session":"s3"');
  });

  it('step-up replaces all that was proved, and the token', () => {
    const stepUp = {
      type: 'StepUpSession',
      session: 's1',
      credential: 'c2',
      acr: 'urn:ledgate:acr:2',
      amr: ['pwd', 'otp'],
      authTimeMs: nowMs + minute,
      authPosition: 9,
      tokenSha256: 'token-new',
      idleMs: hour,
    } as const;
    const past = [sessionStarted('s1')];
    expect(on(past, stepUp, nowMs + minute)).toMatchObject([
      {
        type: 'SessionSteppedUp',
        principal: 'p1',
        acr: 'urn:ledgate:acr:2',
        authPosition: 9,
        tokenSha256: 'token-new',
        replacedTokenSha256: 'token-s1',
        startedAtMs: nowMs,
        expiresAtMs: nowMs + 24 * hour,
      },
    ]);
    expect(on(past, { ...stepUp, authPosition: 3 })).toMatchObject([{ authPosition: 7 }]);
  });

  it('end one, the others, or all; of nobody else', () => {
    const past = [
      sessionStarted('s1'),
      sessionStarted('s2'),
      sessionStarted('s3', { principal: 'p2', tokenSha256: undefined }),
    ];
    const end = { type: 'EndSession', principal: 'p1', cause: 'LOGOUT' } as const;
    expect(on(past, { ...end, session: 's1' })).toMatchObject([
      { type: 'SessionEnded', session: 's1', tokenSha256: 'token-s1' },
    ]);
    expect(on(past, { ...end, session: 's3' })).toBe('NOT_FOUND');
    const many = { type: 'EndSessions', principal: 'p1', cause: 'OWNER' } as const;
    expect(on(past, { ...many, except: 's2' })).toMatchObject([{ session: 's1' }]);
    expect(on(past, { ...many, except: 's3' })).toBe('NOT_FOUND');
    expect(on(past, many)).toMatchObject([{ session: 's1' }, { session: 's2' }]);
    expect(on([], many)).toEqual([]);
  });
});

describe('many sessions', () => {
  it('fit into the keys of a record, however many there are', () => {
    const ids = Array.from({ length: 100 }, (_, at) => `s${at}`);
    const world = new SessionWorld(ids.map((id) => sessionStarted(id)));
    const last = { type: 'EndSessions', principal: 'p1', cause: 'OWNER' } as const;
    for (const command of [last, startSession('s100', { mostSessions: 1 })]) {
      const draft = world.decide({ command });
      const keys = [...(draft?.reads ?? []), ...(draft?.writes ?? [])];
      expect(draft?.events.length).toBeGreaterThanOrEqual(40);
      expect(new Set(keys.map((key) => JSON.stringify(key))).size).toBeLessThan(200);
    }
  });
});

describe('what counts once', () => {
  const again = (used: object, next: object) => {
    const world = new SessionWorld([]);
    const first = world.decide({ command: startSession('s1', { used }) });
    if (first !== undefined) world.apply(first);
    const decision = world.decision(startSession('s2', { used: next }));
    return 'rejected' in decision ? decision.rejected.reason : 'accepted';
  };

  it.each([
    [{ challenge: 'h1' }],
    [{ totp: { credential: 'c3', step: 5 } }],
    [{ passkey: { credential: 'c4', count: 2 } }],
    [{ recovery: { credential: 'c5', generation: 1, index: 0 } }],
  ])('%j is refused the second time', (used) => {
    expect(again(used, used)).toBe('ALREADY_USED');
  });

  it('a code of an earlier step, or a lower counter, is refused too', () => {
    const totp = (step: number) => ({ totp: { credential: 'c3', step } });
    const passkey = (count: number) => ({ passkey: { credential: 'c4', count } });
    expect(again(totp(5), totp(4))).toBe('ALREADY_USED');
    expect(again(totp(5), totp(6))).toBe('accepted');
    expect(again(passkey(5), passkey(4))).toBe('ALREADY_USED');
    expect(again(passkey(5), passkey(0))).toBe('ALREADY_USED');
    expect(again(passkey(5), passkey(6))).toBe('accepted');
  });

  it('an authenticator that does not count is not held to it', () => {
    const passkey = { passkey: { credential: 'c4', count: 0 } };
    expect(again(passkey, passkey)).toBe('accepted');
  });
});

describe('refresh families', () => {
  const started: DomainEvent[] = [
    sessionStarted('s1'),
    {
      type: 'RefreshFamilyStarted',
      ...withoutIdle(newFamily('f1', 's1')),
      generation: 0,
      idleUntilMs: nowMs + hour,
    },
  ];
  const rotate = (generation: number, over: object = {}) =>
    ({
      type: 'RotateRefreshToken',
      family: 'f1',
      generation,
      client: 'app',
      outage: false,
      graceMs: 10_000,
      idleMs: hour,
      sessionIdleMs: hour,
      ...over,
    }) as const;
  const rotated: DomainEvent = {
    type: 'RefreshRotated',
    ...withoutIdle(newFamily('f1', 's1')),
    generation: 1,
    idleUntilMs: nowMs + hour,
  };

  it('rotate with one record, which keeps the session going too', () => {
    expect(on(started, rotate(0))).toMatchObject([{ type: 'RefreshRotated', generation: 1 }]);
    expect(typesOf(on(started, rotate(0), nowMs + 6 * minute))).toEqual([
      'RefreshRotated',
      'SessionExtended',
    ]);
  });

  it('forgive a lost reply for the grace, without a record; after it the family dies', () => {
    const past = [...started, rotated];
    expect(on(past, rotate(0), nowMs + 10_000)).toEqual([]);
    expect(on(past, rotate(0), nowMs + 10_001)).toMatchObject([
      { type: 'RefreshFamilyRevoked', cause: 'REUSE', principal: 'p1', client: 'app' },
    ]);
    expect(on(past, rotate(0, { outage: true }), nowMs + 10_001)).toEqual([]);
  });

  it('an older generation than the one before kills at once, also within the grace', () => {
    const past = [...started, rotated, { ...rotated, generation: 2 } as DomainEvent];
    expect(typesOf(on(past, rotate(0)))).toEqual(['RefreshFamilyRevoked']);
    expect(typesOf(on(past, rotate(0, { outage: true })))).toEqual(['RefreshFamilyRevoked']);
  });

  it.each([
    ['a foreign client', rotate(0, { client: 'other' }), started],
    ['a generation that was never given out', rotate(1), started],
    ['an unknown family', rotate(0, { family: 'f9' }), started],
    ['a session that was ended', rotate(0), [...started, ended('s1')]],
  ])('%s gets nothing, and ends nothing', (_, command, past) => {
    expect(on(past, command)).toBe('GRANT_REJECTED');
  });

  it('are over when they were idle, or revoked', () => {
    expect(on(started, rotate(0), nowMs + hour)).toBe('GRANT_REJECTED');
    const revoke = { type: 'RevokeRefreshFamily', family: 'f1', cause: 'LOGOUT' } as const;
    const world = new SessionWorld(started);
    const draft = world.decide({ command: revoke });
    if (draft !== undefined) world.apply(draft);
    expect(world.decision(rotate(0))).toMatchObject({ rejected: { reason: 'GRANT_REJECTED' } });
    expect(world.decision(revoke)).toEqual({ events: [] });
  });
});

describe('challenges', () => {
  const issue = {
    type: 'IssueChallenge',
    challenge: 'h1',
    kind: 'SMS_CODE',
    principal: 'p1',
    answerHash: 'a',
    binding: 'b',
    tries: 2,
    expiresAtMs: nowMs + minute,
    mostInWindow: 1,
    windowMs: hour,
  } as const;
  const attempt = { type: 'AttemptChallenge', challenge: 'h1', binding: 'b' } as const;

  it('count each try before it is looked at, and end with the last', () => {
    const world = new SessionWorld([]);
    for (const command of [issue, attempt, attempt]) {
      const draft = world.decide({ command });
      if (draft !== undefined) world.apply(draft);
    }
    expect(world.decision(attempt)).toMatchObject({ rejected: { reason: 'LIMIT_REACHED' } });
  });

  it('take no try from whoever it was not given to, or too late', () => {
    const past: DomainEvent[] = [{ ...issue, type: 'ChallengeIssued' }];
    expect(on(past, { ...attempt, binding: 'x' })).toBe('CREDENTIALS_REJECTED');
    expect(on([], attempt)).toBe('CREDENTIALS_REJECTED');
    expect(on(past, attempt, nowMs + minute)).toBe('CREDENTIALS_REJECTED');
  });

  it('are not sent more often than the window allows', () => {
    const past: DomainEvent[] = [{ ...issue, type: 'ChallengeIssued' }];
    const next = { ...issue, challenge: 'h2', expiresAtMs: nowMs + 2 * hour };
    expect(on(past, next, nowMs + hour - 1)).toBe('TOO_MANY_REQUESTS');
    expect(typesOf(on(past, next, nowMs + hour))).toEqual(['ChallengeIssued']);
    expect(typesOf(on(past, { ...next, principal: 'p2' }))).toEqual(['ChallengeIssued']);
  });
});

describe('failed attempts', () => {
  const record = (failures: number) =>
    ({ type: 'RecordAttempts', principal: 'p1', factor: 'PASSWORD', failures }) as const;

  it('add up, and delay what comes after the free ones, for ever longer and never for ever', () => {
    const world = new SessionWorld([]);
    const add = (failures: number) => {
      const draft = world.decide({ command: record(failures) });
      if (draft !== undefined) world.apply(draft);
      return draft?.events[0];
    };
    expect(add(freeFailures)).toMatchObject({ failures: 10, throttleUntilMs: undefined });
    expect(add(1)).toMatchObject({ failures: 11, throttleUntilMs: nowMs + 1000 });
    expect(add(2)).toMatchObject({ failures: 13, throttleUntilMs: nowMs + 4000 });
    expect(throttleDelayMs(1_000_000)).toBe(15 * minute);
  });

  it('are forgotten after a log-in by password, and by that alone', () => {
    const failed: DomainEvent = {
      type: 'AttemptsRecorded',
      principal: 'p1',
      factor: 'PASSWORD',
      failures: 20,
      sinceMs: nowMs,
      throttleUntilMs: nowMs + minute,
    };
    const sum = (past: readonly DomainEvent[]) => on(past, record(1));
    expect(sum([failed])).toMatchObject([{ failures: 21 }]);
    expect(sum([failed, sessionStarted('s1', { amr: ['hwk'] })])).toMatchObject([{ failures: 21 }]);
    expect(sum([failed, sessionStarted('s1')])).toMatchObject([{ failures: 1 }]);
  });
});

function withoutIdle({ idleMs: _, ...family }: ReturnType<typeof newFamily>) {
  return family;
}

function ended(session: string): DomainEvent {
  const { principal, expiresAtMs, tokenSha256 } = sessionFacts(session);
  return { type: 'SessionEnded', session, principal, cause: 'LOGOUT', expiresAtMs, tokenSha256 };
}
