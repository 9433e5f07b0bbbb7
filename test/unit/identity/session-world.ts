import * as fc from 'fast-check';

import { foldEvent } from '#libs/decider/fold-event.js';
import type { MemoryStore } from '#libs/decider/memory-store.js';
import { TrackedView } from '#libs/decider/tracked-view.js';
import type { Decision } from '#libs/decider/decide.js';
import type { DomainEvent, SessionFacts } from '#libs/events/catalogue.js';
import { keysOf } from '#libs/events/keys.js';
import { decideSession } from '#services/identity/domain/decide-session.js';
import { evolve } from '#services/identity/domain/evolve.js';
import type { SessionCommand } from '#services/identity/domain/session-commands.js';

import type { DraftOf } from './conflict-search.js';
import { FrozenStore } from './frozen-store.js';
import { nowMs } from './scenario.js';

const minute = 60_000;
const hour = 60 * minute;
const actor = { tenant: 't1', principal: 'p1' };

export function sessionFacts(session: string, over: Partial<SessionFacts> = {}): SessionFacts {
  return {
    session,
    principal: 'p1',
    credential: 'c1',
    acr: 'urn:ledgate:acr:1',
    amr: ['pwd'],
    authTimeMs: nowMs,
    authPosition: 7,
    tokenSha256: `token-${session}`,
    startedAtMs: nowMs,
    idleUntilMs: nowMs + hour,
    expiresAtMs: nowMs + 24 * hour,
    label: '',
    sealed: '',
    ...over,
  };
}

export function sessionStarted(session: string, over: Partial<SessionFacts> = {}): DomainEvent {
  return { type: 'SessionStarted', ...sessionFacts(session, over) };
}

export function startSession(
  session: string,
  over: Partial<Extract<SessionCommand, { type: 'StartSession' }>> = {},
): Extract<SessionCommand, { type: 'StartSession' }> {
  const { startedAtMs: _, idleUntilMs: __, ...facts } = sessionFacts(session);
  return { type: 'StartSession', ...facts, idleMs: hour, mostSessions: 3, ...over };
}

export function newFamily(family: string, session: string) {
  return {
    family,
    session,
    principal: 'p1',
    client: 'app',
    scopes: ['openid'],
    audience: 'a',
    credential: 'c1',
    acr: 'urn:ledgate:acr:1',
    authTimeMs: nowMs,
    authPosition: 7,
    idleMs: hour,
    expiresAtMs: nowMs + 24 * hour,
  };
}

const of = <T extends string>(...ids: readonly T[]) => fc.constantFrom(...ids);
const fixed = <T>(value: T) => fc.constant(value);
const session = of('s1', 's2', 's3', 's4');
const principal = of('p1', 'p1', 'p2');
const client = of('app', 'app', 'other');
const code = of('k1', 'k2');
const device = of('d1', 'd2', 'd3');
const userCode = of('u1', 'u2', 'u3');
const scopes = fixed(['openid']);
const soon = fixed(nowMs + 30_000);
const authentication = {
  credential: of('c1', 'c2'),
  acr: fixed('urn:ledgate:acr:1'),
  amr: fc.constantFrom(['pwd'], ['hwk']),
  authTimeMs: fixed(nowMs),
  authPosition: fc.constantFrom(7, 9),
  used: fc.constantFrom(
    undefined,
    undefined,
    { challenge: 'h1' },
    { challenge: 'h2' },
    { totp: { credential: 'c3', step: 5 } },
    { totp: { credential: 'c3', step: 6 } },
    { passkey: { credential: 'c4', count: 2 } },
    { passkey: { credential: 'c4', count: 3 } },
    { recovery: { credential: 'c5', generation: 1, index: 0 } },
  ),
};
const starting = {
  session,
  principal,
  client: fixed(undefined),
  label: fixed(''),
  sealed: fixed(''),
  idleMs: fixed(hour),
  expiresAtMs: fixed(nowMs + 24 * hour),
  mostSessions: fixed(2),
  ...authentication,
};
const start = fc
  .record({ type: fixed('StartSession' as const), ...starting })
  .chain((it) =>
    of(`token-${it.session}`, 'token-new').map((tokenSha256) => ({ ...it, tokenSha256 })),
  );
const family = fc
  .record({
    family: of('f1', 'f2', 'f3'),
    session,
    principal,
    client,
  })
  .map((it) => ({ ...newFamily(it.family, it.session), ...it }));

const records: {
  readonly [T in SessionCommand['type']]: fc.Arbitrary<Extract<SessionCommand, { type: T }>>;
} = {
  StartSession: start,
  StepUpSession: fc.record({
    type: fixed('StepUpSession' as const),
    session,
    tokenSha256: of('token-up-1', 'token-up-2'),
    idleMs: fixed(hour),
    ...authentication,
  }),
  ExtendSession: fc.record({
    type: fixed('ExtendSession' as const),
    session,
    idleMs: fixed(2 * hour),
  }),
  EndSession: fc.record({
    type: fixed('EndSession' as const),
    session,
    principal,
    cause: of('LOGOUT', 'ADMIN'),
  }),
  EndSessions: fc.record({
    type: fixed('EndSessions' as const),
    principal,
    except: fc.constantFrom(undefined, 's1', 's2'),
    cause: of('OWNER', 'ADMIN'),
  }),
  StartRefreshFamily: family.map((it) => ({ type: 'StartRefreshFamily' as const, ...it })),
  RotateRefreshToken: fc.record({
    type: fixed('RotateRefreshToken' as const),
    family: of('f1', 'f2'),
    generation: fc.constantFrom(0, 1, 2),
    client,
    outage: fixed(false),
    graceMs: fixed(-1),
    idleMs: fixed(hour),
    sessionIdleMs: fixed(2 * hour),
  }),
  RevokeRefreshFamily: fc.record({
    type: fixed('RevokeRefreshFamily' as const),
    family: of('f1', 'f2'),
    cause: of('OWNER', 'ADMIN'),
  }),
  RevokeToken: fc.record({
    type: fixed('RevokeToken' as const),
    jti: of('j1', 'j2'),
    principal,
    expiresAtMs: soon,
    cause: of('OWNER', 'ADMIN'),
  }),
  IssueChallenge: fc.record({
    type: fixed('IssueChallenge' as const),
    challenge: of('h1', 'h2', 'h3'),
    kind: of('SMS_CODE', 'EMAIL_CODE'),
    principal,
    answerHash: of('a1', 'a2'),
    binding: fixed('b'),
    tries: fixed(2),
    expiresAtMs: soon,
    mostInWindow: fc.constantFrom(1, 2),
    windowMs: fixed(hour),
  }),
  AttemptChallenge: fc.record({
    type: fixed('AttemptChallenge' as const),
    challenge: of('h1', 'h2'),
    binding: fixed('b'),
  }),
  IssueAuthorizationCode: fc.record({
    type: fixed('IssueAuthorizationCode' as const),
    codeSha256: code,
    session,
    principal,
    client,
    redirectUri: fixed('https://app.example/cb'),
    scopes,
    audience: fixed('a'),
    acr: fixed('urn:ledgate:acr:1'),
    authTimeMs: fixed(nowMs),
    authPosition: fixed(7),
    expiresAtMs: soon,
  }),
  RedeemAuthorizationCode: fc
    .record({ codeSha256: code, client, family })
    .map((it) => ({ type: 'RedeemAuthorizationCode' as const, ...it })),
  IssueDeviceCode: fc.record({
    type: fixed('IssueDeviceCode' as const),
    deviceSha256: device,
    userCodeSha256: userCode,
    client,
    scopes,
    audience: fixed('a'),
    expiresAtMs: soon,
  }),
  ApproveDeviceCode: fc.record({
    type: fixed('ApproveDeviceCode' as const),
    userCodeSha256: userCode,
    session,
    principal,
    acr: fixed('urn:ledgate:acr:1'),
    authTimeMs: fixed(nowMs),
    authPosition: fixed(7),
    scopes,
  }),
  DenyDeviceCode: fc.record({
    type: fixed('DenyDeviceCode' as const),
    userCodeSha256: userCode,
    principal,
  }),
  RedeemDeviceCode: fc.record({ deviceSha256: device, client, session: start }).map((it) => ({
    type: 'RedeemDeviceCode' as const,
    ...it,
    family: {
      ...newFamily(`of-${it.session.session}`, it.session.session),
      principal: it.session.principal,
      client: it.client,
    },
  })),
  UseAssertion: fc.record({
    type: fixed('UseAssertion' as const),
    client,
    jtiSha256: of('x1', 'x2'),
    expiresAtMs: soon,
  }),
  RecordAttempts: fc.record({
    type: fixed('RecordAttempts' as const),
    principal,
    factor: of('PASSWORD', 'TOTP'),
    failures: fixed(1),
  }),
  LinkSession: fc.record({
    type: fixed('LinkSession' as const),
    id: of('l1', 'l2'),
    session,
    principal,
    artifact: of('sealed-1', 'sealed-2'),
    expiresAtMs: soon,
  }),
};

export const sessionCommandTypes = Object.keys(records) as SessionCommand['type'][];

export interface SessionAttempt {
  readonly command: SessionCommand;
}

/** Always the same attempts for a seed; sessions begin often, as nearly everything hangs on them. */
export function sessionAttempts(count: number, seed: number): SessionAttempt[] {
  const any = fc.oneof(start, start, start, ...Object.values(records));
  return fc.sample(any, { numRuns: count, seed }).map((command) => ({ command }));
}

export const began: readonly DomainEvent[] = [
  sessionStarted('s1'),
  sessionStarted('s2', { principal: 'p2' }),
  {
    type: 'DeviceCodeIssued',
    deviceSha256: 'd1',
    userCodeSha256: 'u1',
    client: 'app',
    scopes: ['openid'],
    audience: 'a',
    expiresAtMs: nowMs + hour,
  },
  {
    type: 'DeviceCodeApproved',
    deviceSha256: 'd1',
    userCodeSha256: 'u1',
    principal: 'p1',
    session: 's1',
    scopes: ['openid'],
    acr: 'urn:ledgate:acr:1',
    authTimeMs: nowMs,
    authPosition: 7,
    expiresAtMs: nowMs + hour,
  },
];

/** Ledger S of one tenant, so small that commands keep meeting. */
export class SessionWorld {
  readonly #store: MemoryStore;
  readonly #table: typeof keysOf;

  constructor(
    past: readonly DomainEvent[] = began,
    table: typeof keysOf = keysOf,
    store?: MemoryStore,
  ) {
    this.#table = table;
    this.#store = store ?? new FrozenStore();
    if (store === undefined) for (const event of past) this.fold(event);
  }

  copy(): SessionWorld {
    return new SessionWorld([], this.#table, new FrozenStore(this.#store.scan('')));
  }

  decision(command: SessionCommand, atMs = nowMs): Decision {
    const facts = { tenant: 't1', actor, nowMs: atMs };
    return decideSession(command, new TrackedView(this.#store), facts);
  }

  decide(attempt: SessionAttempt): DraftOf<SessionAttempt> | undefined {
    const view = new TrackedView(this.#store);
    const decision = decideSession(attempt.command, view, { tenant: 't1', actor, nowMs });
    if ('rejected' in decision || decision.events.length === 0) return undefined;
    const writes = decision.events.flatMap((event) => this.#table(event, 't1'));
    return { attempt, events: decision.events, reads: view.reads(), writes };
  }

  apply(draft: DraftOf<SessionAttempt>, position = 0): this {
    for (const event of draft.events) this.fold(event, nowMs, position);
    return this;
  }

  fold(event: DomainEvent, atMs = nowMs, position = 0): void {
    const context = { tenant: 't1', actor, position, atMs, reason: '' };
    foldEvent(this.#store, evolve, event, context, this.#table);
  }

  documents(): string {
    return JSON.stringify([...this.#store.scan('')]);
  }
}
