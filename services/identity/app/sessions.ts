import type { SessionEndCause, SessionFacts, UsedProofs } from '#libs/events/catalogue.js';
import { generateSessionToken, sessionTokenSha256 } from '#libs/tokens/session-token.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import {
  execute,
  executeSession,
  requireFresh,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { sessionLifetimes } from '#services/identity/app/session-lifetimes.js';
import {
  isStanding,
  ownCall,
  sessionByToken,
  standingPermit,
  type CallOrigin,
} from '#services/identity/app/session-standing.js';
import { freeText } from '#services/identity/domain/names/free-text.js';
import type { EndSessions } from '#services/identity/domain/session/commands.js';
import { extension } from '#services/identity/domain/session/decide.js';
import { mostEnded } from '#services/identity/domain/session/lifetimes.js';
import { isLive, sessionLists, sessions } from '#services/identity/domain/session/state.js';
import type { SessionSource } from '#services/identity/ports/session-secrets.js';

/** A session, with the tenant that it is in. */
export interface Session extends SessionFacts {
  readonly tenant: string;
}

/** How somebody was verified just now. */
export interface Verified {
  /** Id of the credential that was verified first. */
  readonly credential: string;
  readonly acr: string;
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** ms since the Unix epoch. */
  readonly authTimeMs: number;
  /** Position of L at which the credential was verified. */
  readonly authPosition: number;
  /** What counts once. */
  readonly used?: UsedProofs | undefined;
}

export interface SessionStart extends Verified {
  readonly tenant: string;
  readonly principal: string;
  readonly client?: string | undefined;
  /** What the device is called, in lists: `Firefox on Linux`. Cut to what may be kept. */
  readonly label: string;
  readonly source?: SessionSource | undefined;
  readonly origin?: CallOrigin | undefined;
}

export interface StartedSession {
  /** `lgs_…`: shown once, to whom the session belongs. */
  readonly sessionToken: string;
  readonly session: Session;
  readonly consistencyToken: string;
}

/**
 * Begins a session. One too many of the principal ends the oldest. Rejects ALREADY_USED for what counted
 * before, CREDENTIALS_REJECTED when the credential was invalidated since it was verified.
 */
export async function startSession(
  parts: IdentityParts,
  start: SessionStart,
): Promise<StartedSession> {
  const { tenant, principal, label, source, origin, ...verified } = start;
  const lifetimes = sessionLifetimes(parts, tenant);
  const session = parts.ids.uuid();
  const token = generateSessionToken(parts.random);
  const owner = { tenant, principal, session };
  const executed = await executeSession(
    parts,
    ownCall(owner, origin, standingPermit(parts, start)),
    {
      type: 'StartSession',
      ...verified,
      session,
      principal,
      tokenSha256: token.sha256,
      label: freeText(label, 100),
      sealed: source === undefined ? '' : parts.sessionSecrets.sealSource(source, owner),
      idleMs: lifetimes.idleMs,
      expiresAtMs: nowMs(parts) + lifetimes.lifetimeMs,
      mostSessions: lifetimes.mostSessions,
    },
  );
  return begun(tenant, executedEvent(executed.events, 'SessionStarted'), token.text, executed);
}

/**
 * Somebody in the session was verified again: it goes on with what that proves, and with a new token;
 * the token before is dead (ASVS 5.0: 7.2.4). Rejects like `startSession`, and NOT_FOUND.
 */
export async function stepUpSession(
  parts: IdentityParts,
  session: Session,
  verified: Verified,
  origin?: CallOrigin,
): Promise<StartedSession> {
  const { tenant, principal } = session;
  const token = generateSessionToken(parts.random);
  const permit = standingPermit(parts, { tenant, principal, ...verified });
  const executed = await executeSession(parts, ownCall(session, origin, permit), {
    type: 'StepUpSession',
    ...verified,
    session: session.session,
    tokenSha256: token.sha256,
    idleMs: sessionLifetimes(parts, tenant).idleMs,
  });
  return begun(tenant, executedEvent(executed.events, 'SessionSteppedUp'), token.text, executed);
}

/**
 * Lets a session go on after a command in L that has invalidated everything before it, as when its owner
 * changes the password: it stands on the position of that record now, and has a new token. Should this
 * fail, the session is dead like all others.
 */
export function keepSession(
  parts: IdentityParts,
  session: Session,
  { position: authPosition }: Pick<Executed, 'position'>,
): Promise<StartedSession> {
  const { credential, acr, amr, authTimeMs } = session;
  return stepUpSession(parts, session, { credential, acr, amr, authTimeMs, authPosition });
}

function begun(
  tenant: string,
  facts: SessionFacts,
  sessionToken: string,
  { consistencyToken }: Executed,
): StartedSession {
  return { sessionToken, session: { ...facts, tenant }, consistencyToken };
}

/** Something happened in the session: it does not go idle now. At most one record every 5 minutes. */
export async function extendSession(
  parts: IdentityParts,
  session: Session,
  origin?: CallOrigin,
): Promise<Executed> {
  const permit = standingPermit(parts, session);
  return executeSession(parts, ownCall(session, origin, permit), {
    type: 'ExtendSession',
    session: session.session,
    idleMs: sessionLifetimes(parts, session.tenant).idleMs,
  });
}

/** Ends one session. Its token, its access tokens and its refresh tokens are dead at once. */
export function endSession(
  parts: IdentityParts,
  call: CommandCall,
  ended: Pick<Session, 'session' | 'principal'>,
  cause: SessionEndCause,
): Promise<Executed> {
  const { session, principal } = ended;
  return executeSession(parts, call, { type: 'EndSession', session, principal, cause });
}

/** Ends all sessions of a principal but one. Resolves with what the last record came to, and how many. */
export function endOtherSessions(
  parts: IdentityParts,
  call: CommandCall,
  kept: Pick<Session, 'session' | 'principal'>,
  cause: SessionEndCause,
): Promise<Executed & { readonly ended: number }> {
  const { session: except, principal } = kept;
  return endInSteps(parts, call, { type: 'EndSessions', principal, except, cause });
}

/** One record does not hold as many as there may be. */
async function endInSteps(
  parts: IdentityParts,
  call: CommandCall,
  command: EndSessions,
): Promise<Executed & { readonly ended: number }> {
  let ended = 0;
  for (let step = call; ; step = { ...call, commandId: '' }) {
    const executed = await executeSession(parts, step, command);
    ended += executed.events.length;
    if (executed.events.length < mostEnded) return { ...executed, ended };
  }
}

/**
 * Ends everything of a principal. First a watermark in L: by it every session and token that was issued
 * before is dead at every authorizer, those too that S is told of a moment later; then the list in S.
 */
export async function endAllSessions(
  parts: IdentityParts,
  call: CommandCall,
  principal: string,
  cause: SessionEndCause,
): Promise<Executed> {
  const watermark = await execute(parts, call, {
    type: 'InvalidateSessions',
    principal,
    cause: cause === 'ADMIN' ? 'ADMIN' : 'OWNER',
  });
  // Permitted already; by now whoever called may have ended their own credential.
  const permitted = { ...call, permit: () => ({ permittedBy: [] }) };
  await endInSteps(parts, permitted, { type: 'EndSessions', principal, cause });
  return watermark;
}

/** The sessions of a principal that are valid now, the newest first. */
export function listSessions(
  parts: IdentityParts,
  tenant: string,
  principal: string,
): readonly Session[] {
  requireFresh(parts, tenant);
  const documents = documentsOf(parts.sessions.state);
  const listed = sessionLists.read(documents, tenant, principal)?.sessions ?? [];
  const found = listed.flatMap(({ session }) => findSessionById(parts, tenant, session) ?? []);
  return found.toSorted((a, b) => b.startedAtMs - a.startedAtMs);
}

/** A session that is valid now, by its id. */
export function findSessionById(
  parts: IdentityParts,
  tenant: string,
  id: string,
): Session | undefined {
  const session = findLiveSession(parts, tenant, id);
  return session !== undefined && isStanding(parts, session) ? session : undefined;
}

/** One that goes on as far as S knows; L is still to be asked about whose it is. */
export function findLiveSession(
  parts: IdentityParts,
  tenant: string,
  id: string,
): Session | undefined {
  const document = sessions.read(documentsOf(parts.sessions.state), tenant, id);
  if (document === undefined || !isLive(document, nowMs(parts))) return undefined;
  if (parts.sessions.fold.early.has(tenant, 'SESSION', id)) return undefined;
  return { ...document, session: id, tenant };
}

/**
 * The session that a token is of, if it is valid now: not ended, not past its times, and nothing in L has
 * invalidated it. One that another instance has begun a moment ago is waited for.
 */
export async function findSession(
  parts: IdentityParts,
  sessionToken: string,
): Promise<Session | undefined> {
  const sha256 = sessionTokenSha256(sessionToken);
  if (sha256 === undefined) return undefined;
  const found = await sessionByToken(parts, sha256);
  return found && findSessionById(parts, found.tenant, found.session);
}

/** The same, for whoever opens a page: the session does not go idle. Nobody waits for that. */
export async function visitSession(
  parts: IdentityParts,
  sessionToken: string,
): Promise<Session | undefined> {
  const session = await findSession(parts, sessionToken);
  if (session === undefined) return undefined;
  const { idleMs } = sessionLifetimes(parts, session.tenant);
  if (extension(session.session, session, idleMs, nowMs(parts)).length > 0) {
    extendSession(parts, session).catch((error: unknown) =>
      parts.log.warn({ err: error }, 'a session could not be extended'),
    );
  }
  return session;
}

function nowMs({ clock }: IdentityParts): number {
  return Math.trunc(clock.wallMs());
}
