import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import { presentFields } from '#libs/decider/present-fields.js';
import type { DomainEvent, SessionFacts, UsedProofs } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { forgetAttempts } from '#services/identity/domain/attempts/state.js';
import { useChallenge } from '#services/identity/domain/challenge/state.js';
import { longestSessionMs, stepMemoryMs, sweepMarginMs } from './lifetimes.js';

/** A session that was not ended. It may be past its times: `isLive`. */
export type SessionDocument = Omit<SessionFacts, 'session'>;

/** Gone once the session is ended: ids are never reused. */
export const sessions = new DocumentKind<SessionDocument>('session');

export interface ListedSession {
  readonly session: string;
  readonly startedAtMs: number;
  readonly expiresAtMs: number;
}
/** Sessions of a principal, the oldest first. */
export const sessionLists = new DocumentKind<{
  readonly sessions: readonly ListedSession[];
  readonly expiresAtMs: number;
}>('sessions-list');

/** Cluster-wide: by the SHA-256 of the session token, which alone tells its tenant. */
export const sessionTokens = new DocumentKind<{
  readonly tenant: string;
  readonly session: string;
  readonly expiresAtMs: number;
}>('session-token');

/** Newest time step of which a code was used: RFC 6238, 5.2 allows each once. */
export const totpSteps = new DocumentKind<{ readonly step: number; readonly expiresAtMs: number }>(
  'totp-step',
);
/** Signature counter of a passkey at its last use (WebAuthn L3, 6.1.1). */
export const passkeyCounts = new DocumentKind<{
  readonly count: number;
  readonly expiresAtMs: number;
}>('passkey-count');

/** A recovery code that was used in a login; the burnt code itself is a fact of ledger L. */
export const recoveryUses = new DocumentKind<{ readonly expiresAtMs: number }>('recovery-use');

export function recoveryUseId({ credential, generation, index }: UsedRecoveryCode): string {
  return `${credential},${generation},${index}`;
}

type UsedRecoveryCode = NonNullable<UsedProofs['recovery']>;

export type SessionEvent = Extract<
  DomainEvent,
  { type: 'SessionStarted' | 'SessionSteppedUp' | 'SessionExtended' | 'SessionEnded' }
>;

/** Neither idle for too long nor past its end. */
export function isLive(
  session: Pick<SessionDocument, 'idleUntilMs' | 'expiresAtMs'>,
  nowMs: number,
): boolean {
  return session.idleUntilMs > nowMs && session.expiresAtMs > nowMs;
}

/** The session, if it is live. Its watermarks are facts of ledger L and are judged elsewhere. */
export function liveSession(
  view: DocumentReader,
  tenant: string,
  id: string,
  nowMs: number,
): SessionDocument | undefined {
  const session = sessions.read(view, tenant, id);
  return session !== undefined && isLive(session, nowMs) ? session : undefined;
}

export function evolveSession(
  event: SessionEvent,
  to: DocumentWriter,
  context: EventContext,
): void {
  const { tenant, atMs } = context;
  const { session, principal } = event;
  switch (event.type) {
    case 'SessionStarted': {
      const { type: _, session: __, used, ...rest } = event;
      putSession(to, tenant, session, rest);
      const { startedAtMs, expiresAtMs } = event;
      const others = listedBeside(to, tenant, principal, session, atMs);
      putList(to, tenant, principal, [...others, { session, startedAtMs, expiresAtMs }]);
      return use(used, event, to, context);
    }
    case 'SessionSteppedUp': {
      const { type: _, session: __, used, replacedTokenSha256: replaced, ...rest } = event;
      if (replaced !== undefined) sessionTokens.remove(to, '', replaced);
      putSession(to, tenant, session, rest);
      return use(used, event, to, context);
    }
    case 'SessionExtended': {
      const { type: _, session: __, ...rest } = event;
      return sessions.put(to, tenant, session, presentFields(rest));
    }
    case 'SessionEnded': {
      sessions.remove(to, tenant, session);
      if (event.tokenSha256 !== undefined) sessionTokens.remove(to, '', event.tokenSha256);
      return putList(to, tenant, principal, listedBeside(to, tenant, principal, session, atMs));
    }
  }
}

function putSession(
  to: DocumentWriter,
  tenant: string,
  session: string,
  document: SessionDocument,
): void {
  const { tokenSha256, expiresAtMs } = document;
  sessions.put(to, tenant, session, presentFields(document));
  if (tokenSha256 === undefined) return;
  sessionTokens.put(to, '', tokenSha256, { tenant, session, expiresAtMs });
}

/** By the time in the record, with a margin: the fold has no clock, and writers' clocks differ. */
function listedBeside(
  from: DocumentReader,
  tenant: string,
  principal: string,
  session: string,
  atMs: number,
): readonly ListedSession[] {
  const listed = sessionLists.read(from, tenant, principal)?.sessions ?? [];
  return listed.filter((one) => one.session !== session && one.expiresAtMs > atMs - sweepMarginMs);
}

function putList(
  to: DocumentWriter,
  tenant: string,
  principal: string,
  listed: readonly ListedSession[],
): void {
  if (listed.length === 0) return sessionLists.remove(to, tenant, principal);
  const expiresAtMs = Math.max(...listed.map((one) => one.expiresAtMs));
  sessionLists.put(to, tenant, principal, { sessions: listed, expiresAtMs });
}

function use(
  used: UsedProofs | undefined,
  { principal, amr }: SessionFacts,
  to: DocumentWriter,
  { tenant, atMs }: EventContext,
): void {
  const { challenge, totp, passkey, recovery } = used ?? {};
  if (challenge !== undefined) useChallenge(to, tenant, challenge, atMs);
  if (totp !== undefined) {
    const expiresAtMs = atMs + stepMemoryMs;
    totpSteps.put(to, tenant, totp.credential, { step: totp.step, expiresAtMs });
  }
  if (passkey !== undefined) {
    const expiresAtMs = atMs + longestSessionMs;
    passkeyCounts.put(to, tenant, passkey.credential, { count: passkey.count, expiresAtMs });
  }
  if (recovery !== undefined) {
    const expiresAtMs = atMs + longestSessionMs;
    recoveryUses.put(to, tenant, recoveryUseId(recovery), { expiresAtMs });
  }
  if (amr.includes('pwd')) forgetAttempts(to, tenant, principal, 'PASSWORD');
}
