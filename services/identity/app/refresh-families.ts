import { Failure } from '#libs/errors/failure.js';
import type { FamilyEndCause, RefreshFamilyFacts } from '#libs/events/catalogue.js';
import type { RefreshTokenFacts } from '#libs/tokens/refresh-token.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import {
  executeSession,
  requireFresh,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { isOutage, outageMs } from '#services/identity/app/session-outage.js';
import { sessionLifetimes } from '#services/identity/app/session-lifetimes.js';
import {
  isConsented,
  isStanding,
  ownCall,
  standingPermit,
  type CallOrigin,
} from '#services/identity/app/session-standing.js';
import { findLiveSession, findSessionById, type Session } from '#services/identity/app/sessions.js';
import type { NewFamily } from '#services/identity/domain/refresh-family/commands.js';
import {
  families,
  liveFamily,
  type FamilyDocument,
} from '#services/identity/domain/refresh-family/state.js';

/** Longest wait for a family that this instance has not read yet, ms. */
const WAIT_MS = 250;

/** What refresh tokens are given out for. */
export interface FamilyStart {
  /** Valid now. */
  readonly session: Session;
  /** `''`: our own command line and pages. */
  readonly client: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  /** Thumbprint of the key that tokens are bound to, with its method. */
  readonly confirmation?: string | undefined;
  /** Absent: as the tenant says. ms */
  readonly idleMs?: number | undefined;
  readonly lifetimeMs?: number | undefined;
  readonly origin?: CallOrigin | undefined;
}

export interface StartedFamily {
  readonly family: RefreshFamilyFacts;
  /** `lgr_…`, of generation 0. */
  readonly refreshToken: string;
  readonly consistencyToken: string;
}

/** The command's part about a new family in a session; its id is new. */
export function newFamily(parts: IdentityParts, start: FamilyStart): NewFamily {
  const { session, client, scopes, audience, confirmation } = start;
  const { tenant, principal, credential, acr, authTimeMs, authPosition } = session;
  const { refreshIdleMs, refreshLifetimeMs } = sessionLifetimes(parts, tenant);
  const lifetimeMs = start.lifetimeMs ?? refreshLifetimeMs;
  return {
    family: parts.ids.uuid(),
    session: session.session,
    principal,
    client,
    scopes,
    audience,
    credential,
    acr,
    authTimeMs,
    authPosition,
    confirmation,
    idleMs: start.idleMs ?? refreshIdleMs,
    expiresAtMs: Math.min(session.expiresAtMs, nowMs(parts) + lifetimeMs),
  };
}

/** Begins a family. Rejects GRANT_REJECTED when the session has ended meanwhile. */
export async function startFamily(
  parts: IdentityParts,
  start: FamilyStart,
): Promise<StartedFamily> {
  const permit = standingPermit(parts, start.session);
  const command = { type: 'StartRefreshFamily', ...newFamily(parts, start) } as const;
  const executed = await executeSession(
    parts,
    ownCall(start.session, start.origin, permit),
    command,
  );
  return familyStarted(parts, start.session.tenant, executed);
}

/** What a record that started a family answers with. */
export function familyStarted(
  parts: IdentityParts,
  tenant: string,
  { events, consistencyToken }: Executed,
): StartedFamily {
  const { type: _, codeSha256: __, ...family } = executedEvent(events, 'RefreshFamilyStarted');
  return { family, refreshToken: tokenOf(parts, tenant, family, false), consistencyToken };
}

export interface Rotation {
  readonly refreshToken: string;
  /** The client that shows it; `''`: our own. */
  readonly client: string;
  /** Asked before the token is used up: what it throws is the answer, and the token is as it was. */
  readonly mayUse?: ((family: FamilyDocument) => void) | undefined;
  readonly origin?: CallOrigin | undefined;
}

export interface Rotated {
  readonly session: Session;
  /** As it is now. */
  readonly family: RefreshFamilyFacts;
  /** The next one; the same for whoever shows the one before within the grace. */
  readonly refreshToken: string;
  /** The ledger could not be asked: access tokens say so, and sensitive permissions refuse them. */
  readonly outage: boolean;
  /** `''` in an outage. */
  readonly consistencyToken: string;
}

/**
 * Uses a refresh token: at most one append. A generation that was used longer ago than the grace, or
 * before the last one, revokes the family in the ledger (RFC 9700, 4.14.2). Rejects GRANT_REJECTED, with
 * one text for every reason; and while the ledger cannot be asked for longer than the tenant forgives,
 * LEDGER_UNAVAILABLE or STALE.
 */
export async function rotateFamily(parts: IdentityParts, rotation: Rotation): Promise<Rotated> {
  const token = parts.sessionSecrets.readRefreshToken(rotation.refreshToken);
  if (token === undefined) throw grantRejected();
  rotation.mayUse?.(familyNow(parts, token) ?? (await familySoon(parts, token)));
  if (outageMs(parts) > 0) return inOutage(parts, token, rotation);
  requireFresh(parts, token.tenant);
  try {
    return await rotate(parts, token, rotation);
  } catch (error) {
    if (!isOutage(error)) throw error;
    return inOutage(parts, token, rotation, error);
  }
}

async function rotate(
  parts: IdentityParts,
  token: RefreshTokenFacts,
  { client, origin }: Rotation,
): Promise<Rotated> {
  const { tenant, family: id, generation, outage } = token;
  const lifetimes = sessionLifetimes(parts, tenant);
  const principal = familyNow(parts, token)?.principal ?? '';
  const executed = await executeSession(
    parts,
    ownCall({ tenant, principal }, origin, () => familyPermit(parts, tenant, id)),
    {
      type: 'RotateRefreshToken',
      family: id,
      generation,
      client,
      outage,
      graceMs: lifetimes.refreshGraceMs,
      idleMs: lifetimes.refreshIdleMs,
      sessionIdleMs: lifetimes.idleMs,
    },
  );
  if (executed.events.some(({ type }) => type === 'RefreshFamilyRevoked')) {
    parts.log.warn({ tenant, family: id, generation }, 'a refresh token was used again: revoked');
    throw grantRejected();
  }
  const found = current(parts, tenant, id);
  const { consistencyToken } = executed;
  const refreshToken = tokenOf(parts, tenant, found.family, false);
  return { ...found, refreshToken, outage: false, consistencyToken };
}

function familyNow(
  { sessions }: IdentityParts,
  { tenant, family }: RefreshTokenFacts,
): FamilyDocument | undefined {
  return families.read(documentsOf(sessions.state), tenant, family);
}

/** One that another instance has begun a moment ago. */
async function familySoon(parts: IdentityParts, token: RefreshTokenFacts): Promise<FamilyDocument> {
  await parts.sessions.seeEnd(WAIT_MS);
  const family = familyNow(parts, token);
  if (family === undefined) throw grantRejected();
  return family;
}

/** Not with the session that L has invalidated; that there is none, the decider says. */
function familyPermit(
  parts: IdentityParts,
  tenant: string,
  id: string,
): ReturnType<CommandCall['permit']> {
  const family = families.read(documentsOf(parts.sessions.state), tenant, id);
  if (family === undefined) return { permittedBy: [] };
  const session = findLiveSession(parts, tenant, family.session);
  if (session === undefined) throw grantRejected();
  requireStanding(parts, session, family);
  return { permittedBy: [] };
}

/** Who was verified again in the session brings nothing back that a withdrawn consent has ended. */
function requireStanding(
  parts: IdentityParts,
  session: Session,
  { client, authPosition }: Pick<FamilyDocument, 'client' | 'authPosition'>,
): void {
  const stands = isStanding(parts, { ...session, client });
  if (!stands || !isConsented(parts, session, client, authPosition)) throw grantRejected();
}

/** The family and its session, both good now. */
function current(
  parts: IdentityParts,
  tenant: string,
  id: string,
): { readonly family: RefreshFamilyFacts; readonly session: Session } {
  const document = liveFamily(documentsOf(parts.sessions.state), tenant, id, nowMs(parts));
  // Revoked, and the ledger could not take it yet.
  if (parts.sessions.fold.view.early?.has(tenant, 'FAMILY', id) === true) throw grantRejected();
  const session = document && findSessionById(parts, tenant, document.session);
  if (document === undefined || session === undefined) throw grantRejected();
  if (parts.sessions.fold.early.has(tenant, 'FAMILY', id)) throw grantRejected();
  const { rotatedAtMs: _, revoked: __, ...family } = document;
  return { family: { ...family, family: id }, session };
}

/**
 * For as long as the tenant forgives: the same generation again, marked. Should a rotation that got no
 * answer turn out to have counted, the mark lets it pass as a lost reply.
 */
function inOutage(
  parts: IdentityParts,
  token: RefreshTokenFacts,
  { client }: Rotation,
  cause?: unknown,
): Rotated {
  const { tenant, generation } = token;
  const { outageGraceMs } = sessionLifetimes(parts, tenant);
  if (outageMs(parts) > outageGraceMs || outageGraceMs === 0) {
    throw cause instanceof Failure
      ? cause
      : new Failure('LEDGER_UNAVAILABLE', 'the session ledger cannot be reached');
  }
  const found = current(parts, tenant, token.family);
  requireStanding(parts, found.session, found.family);
  if (found.family.client !== client || found.family.generation !== generation) {
    throw grantRejected();
  }
  const refreshToken = tokenOf(parts, tenant, found.family, true);
  return { ...found, refreshToken, outage: true, consistencyToken: '' };
}

/** The family of a refresh token, if it is good now; nothing is used up by asking. */
export function findFamily(
  parts: IdentityParts,
  refreshToken: string,
): { readonly family: RefreshFamilyFacts; readonly session: Session } | undefined {
  const token = parts.sessionSecrets.readRefreshToken(refreshToken);
  if (token === undefined) return undefined;
  try {
    const found = current(parts, token.tenant, token.family);
    const good = found.family.generation === token.generation;
    return good ? found : undefined;
  } catch (error) {
    if (error instanceof Failure && error.reason === 'GRANT_REJECTED') return undefined;
    throw error;
  }
}

/** Ends a family and every access token of it (RFC 7009). `client` absent: whatever its client is. */
export function revokeFamily(
  parts: IdentityParts,
  call: CommandCall,
  family: string,
  cause: FamilyEndCause,
  client?: string,
): Promise<Executed> {
  return executeSession(parts, call, { type: 'RevokeRefreshFamily', family, client, cause });
}

/** One text: what was wrong is not for whoever holds a token that is no good (ASVS 5.0: 6.3.8). */
export function grantRejected(): Failure {
  return new Failure('GRANT_REJECTED', 'the token or code is not valid, or not any more');
}

function tokenOf(
  parts: IdentityParts,
  tenant: string,
  { family, generation }: RefreshFamilyFacts,
  outage: boolean,
): string {
  return parts.sessionSecrets.refreshToken({ tenant, family, generation, outage });
}

function nowMs({ clock }: IdentityParts): number {
  return Math.trunc(clock.wallMs());
}
