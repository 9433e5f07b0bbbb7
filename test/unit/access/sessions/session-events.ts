import { SessionView } from '#libs/access/sessions/session-view.js';
import type { DomainEvent, SessionFacts } from '#libs/events/catalogue.js';
import { keyHash } from '#libs/events/keys.js';

/** An event of ledger S in a tenant. */
export interface OfS {
  readonly tenant: string;
  readonly event: DomainEvent;
}

export const facts = (session: string, more: Partial<SessionFacts> = {}): SessionFacts => ({
  session,
  principal: 'ann',
  credential: 'password',
  acr: 'urn:ledgate:acr:1',
  amr: ['pwd'],
  authTimeMs: 100,
  authPosition: 10,
  tokenSha256: `token-of-${session}`,
  startedAtMs: 100,
  idleUntilMs: 5_000,
  expiresAtMs: 9_000,
  label: '',
  sealed: '',
  ...more,
});

export const started = (session: string, more?: Partial<SessionFacts>): DomainEvent => ({
  type: 'SessionStarted',
  ...facts(session, more),
});

export const ended = (session: string, principal = 'ann', expiresAtMs = 9_000): DomainEvent => ({
  type: 'SessionEnded',
  session,
  principal,
  cause: 'LOGOUT',
  expiresAtMs,
});

export const familyRevoked = (family: string, accessExpiresAtMs = 9_000): DomainEvent => ({
  type: 'RefreshFamilyRevoked',
  family,
  principal: 'ann',
  client: 'shop',
  cause: 'REUSE',
  accessExpiresAtMs,
});

export const tokenRevoked = (jti: string, expiresAtMs = 9_000): DomainEvent => ({
  type: 'TokenRevoked',
  jti,
  principal: 'ann',
  expiresAtMs,
  cause: 'OWNER',
});

export function foldS(history: readonly OfS[], into = new SessionView(keyHash)): SessionView {
  for (const { tenant, event } of history) {
    const actor = { tenant, principal: '' };
    into.apply(event, { tenant, actor, position: into.position + 1, atMs: 0, reason: '' });
  }
  return into;
}

export const inT = (...events: readonly DomainEvent[]): OfS[] =>
  events.map((event) => ({ tenant: 't', event }));
