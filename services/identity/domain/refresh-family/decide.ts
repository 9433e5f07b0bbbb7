import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { DomainEvent, FamilyEndCause } from '#libs/events/catalogue.js';
import { accept, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import { extension } from '#services/identity/domain/session/decide.js';
import { liveSession } from '#services/identity/domain/session/state.js';
import type {
  NewFamily,
  RefreshFamilyCommand,
  RevokeRefreshFamily,
  RotateRefreshToken,
} from './commands.js';
import { families, liveFamily } from './state.js';
import type { FamilyDocument } from './state.js';

/** An access token of a family lives no longer than this: so long authorizers keep a revocation. */
const longestAccessMs = 3_600_000;

export function decideRefreshFamily(
  command: RefreshFamilyCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  switch (command.type) {
    case 'StartRefreshFamily': {
      const { type: _, ...family } = command;
      return startFamily(family, undefined, view, facts);
    }
    case 'RotateRefreshToken':
      return rotate(command, view, facts);
    case 'RevokeRefreshFamily':
      return revoke(command, view, facts);
  }
}

/** The first generation, for a session that is live. */
export function startFamily(
  given: NewFamily,
  codeSha256: string | undefined,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Decision {
  const { idleMs, ...family } = given;
  const session = liveSession(view, tenant, family.session, nowMs);
  if (session?.principal !== family.principal) return grantRejected();
  if (families.read(view, tenant, family.family) !== undefined) {
    return reject('ALREADY_EXISTS', 'the family exists');
  }
  const idleUntilMs = Math.min(nowMs + idleMs, family.expiresAtMs);
  const first = { ...family, generation: 0, idleUntilMs };
  return accept({ type: 'RefreshFamilyStarted', ...first, codeSha256 });
}

/**
 * RFC 9700, 4.14.2. The newest generation is followed by the next one. The one before it gets no
 * record while its reply may have been lost: the answer is the same token again. Everything older was
 * stolen, or its holder was robbed: the family dies.
 */
function rotate(command: RotateRefreshToken, view: DocumentReader, facts: Facts): Decision {
  const { tenant, nowMs } = facts;
  const { family: id, generation, client, graceMs, outage } = command;
  const family = liveFamily(view, tenant, id, nowMs);
  // A foreign client learns nothing, and ends nothing.
  if (family === undefined || family.client !== client) return grantRejected();
  const session = liveSession(view, tenant, family.session, nowMs);
  if (session === undefined) return grantRejected();
  if (generation > family.generation) return grantRejected();
  if (generation === family.generation) {
    const { rotatedAtMs: _, revoked: __, ...rest } = family;
    return accept(
      {
        type: 'RefreshRotated',
        ...rest,
        family: id,
        generation: generation + 1,
        idleUntilMs: Math.min(nowMs + command.idleMs, family.expiresAtMs),
        artifact: command.artifact ?? family.artifact,
      },
      ...extension(family.session, session, command.sessionIdleMs, nowMs),
    );
  }
  const lostReply = outage || nowMs - family.rotatedAtMs <= graceMs;
  if (generation === family.generation - 1 && lostReply) return accept();
  return accept(revocation(id, family, 'REUSE', nowMs));
}

/** Revoking what is revoked, or is not there, changes nothing (RFC 7009, 2.2). */
function revoke(
  { family: id, client, cause }: RevokeRefreshFamily,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Decision {
  const family = families.read(view, tenant, id);
  if (family === undefined || family.revoked) return accept();
  if (client !== undefined && family.client !== client) return accept();
  return accept(revocation(id, family, cause, nowMs));
}

export function revocation(
  id: string,
  { principal, client }: FamilyDocument,
  cause: FamilyEndCause,
  nowMs: number,
): DomainEvent {
  const accessExpiresAtMs = nowMs + longestAccessMs;
  return { type: 'RefreshFamilyRevoked', family: id, principal, client, cause, accessExpiresAtMs };
}

/** One text for all: what was wrong is not for whoever holds a token that is no good. */
export function grantRejected(): Rejection {
  return reject('GRANT_REJECTED', 'the token or code is not valid, or not any more');
}
