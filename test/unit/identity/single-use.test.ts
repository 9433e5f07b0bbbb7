import { describe, expect, it } from 'vitest';

import type { DomainEvent, EventType } from '#libs/events/catalogue.js';
import type { Key, KeyKind } from '#libs/events/keys.js';
import type { SessionCommand } from '#services/identity/domain/session-commands.js';
import { RacingLedger } from './racing-instances.js';
import { nowMs } from './scenario.js';
import { newFamily, sessionStarted, startSession } from './session-world.js';

const minute = 60_000;
const uses = 200;

interface Thing {
  readonly past: readonly DomainEvent[];
  /** The use with this number: what is used is the same, what is made by it is new. */
  readonly use: (at: number) => SessionCommand;
  readonly effect: EventType;
  /** That arbitrates it. */
  readonly key: Key;
  /** That would hold uses apart as well, because they are of the same principal. */
  readonly beside?: readonly Key[];
  /** Default 1. */
  readonly allowed?: number;
}

const at = (kind: KeyKind, id: string): Key => ({ tenant: 't1', kind, id });
const ofPrincipal = [at('sessions-list', 'p1'), at('attempts', 'p1')];

function inSession(used: object): Pick<Thing, 'past' | 'use' | 'effect' | 'beside'> {
  const use = (at: number) =>
    startSession(`s${at}`, { used, tokenSha256: `token-${at}`, mostSessions: 1000 });
  return { past: [], use, effect: 'SessionStarted', beside: ofPrincipal };
}

const grant = {
  client: 'app',
  scopes: ['openid'],
  audience: 'a',
  acr: 'urn:ledgate:acr:1',
  authTimeMs: nowMs,
  authPosition: 7,
};
const { idleMs: _, ...family } = newFamily('f0', 's0');

const things: Readonly<Record<string, Thing>> = {
  'an authorization code': {
    past: [
      sessionStarted('s0'),
      {
        type: 'AuthorizationCodeIssued',
        codeSha256: 'k1',
        session: 's0',
        principal: 'p1',
        redirectUri: 'https://app.example/cb',
        expiresAtMs: nowMs + minute,
        ...grant,
      },
    ],
    use: (n) => ({
      type: 'RedeemAuthorizationCode',
      codeSha256: 'k1',
      client: 'app',
      family: newFamily(`f${n + 1}`, 's0'),
    }),
    effect: 'RefreshFamilyStarted',
    key: at('code', 'k1'),
  },
  'a refresh token': {
    past: [
      sessionStarted('s0'),
      { type: 'RefreshFamilyStarted', ...family, generation: 0, idleUntilMs: nowMs + minute },
    ],
    use: () => ({
      type: 'RotateRefreshToken',
      family: 'f0',
      generation: 0,
      client: 'app',
      outage: false,
      graceMs: 10_000,
      idleMs: minute,
      sessionIdleMs: minute,
    }),
    effect: 'RefreshRotated',
    key: at('family', 'f0'),
  },
  'a code that was sent, or a WebAuthn challenge': {
    ...inSession({ challenge: 'h1' }),
    key: at('challenge', 'h1'),
  },
  'a step of an authenticator app': {
    ...inSession({ totp: { credential: 'c3', step: 5 } }),
    key: at('totp-step', 'c3'),
  },
  'the counter of a passkey': {
    ...inSession({ passkey: { credential: 'c4', count: 3 } }),
    key: at('passkey-count', 'c4'),
  },
  'a recovery code': {
    ...inSession({ recovery: { credential: 'c5', generation: 1, index: 0 } }),
    key: at('recovery-use', 'c5,1,0'),
  },
  'a client assertion': {
    past: [],
    use: () => ({
      type: 'UseAssertion',
      client: 'app',
      jtiSha256: 'x1',
      expiresAtMs: nowMs + minute,
    }),
    effect: 'AssertionUsed',
    key: at('jti', 'app,x1'),
  },
  'the tries of a code': {
    past: [
      {
        type: 'ChallengeIssued',
        challenge: 'h1',
        kind: 'SMS_CODE',
        principal: 'p1',
        answerHash: 'a',
        binding: 'b',
        tries: 5,
        expiresAtMs: nowMs + minute,
      },
    ],
    use: () => ({ type: 'AttemptChallenge', challenge: 'h1', binding: 'b' }),
    effect: 'ChallengeAttempted',
    key: at('challenge', 'h1'),
    allowed: 5,
  },
};

/** How many of 200 uses at once, at two instances, had the effect. */
async function race({ past, use, effect }: Thing, forgotten: readonly Key[]): Promise<number> {
  const ledger = new RacingLedger(past, forgotten);
  const instances = [ledger.instance(), ledger.instance()] as const;
  const results = await Promise.allSettled(
    Array.from({ length: uses }, (_, n) => instances[n % 2 === 0 ? 0 : 1].run(use(n))),
  );
  return results.filter(
    (one) => one.status === 'fulfilled' && one.value.events.some(({ type }) => type === effect),
  ).length;
}

describe.each(Object.entries(things))('200 uses at once of %s', (_name, thing) => {
  const { key, beside = [], allowed = 1 } = thing;

  it(`succeed ${allowed} times`, async () => {
    expect(await race(thing, [])).toBe(allowed);
    expect(await race(thing, beside)).toBe(allowed);
  });

  it('succeed more often where the table of keys lacks the one that arbitrates it', async () => {
    expect(await race(thing, [...beside, key])).toBeGreaterThan(allowed);
  });
});
