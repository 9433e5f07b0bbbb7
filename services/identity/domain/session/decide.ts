import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { DomainEvent, SessionEndCause } from '#libs/events/catalogue.js';
import { accept, futureProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import type {
  EndSession,
  EndSessions,
  ExtendSession,
  SessionLifeCommand,
  StartSession,
  StepUpSession,
} from './commands.js';
import { extensionStepMs, longestSessionMs, mostEnded } from './lifetimes.js';
import { isLive, liveSession, sessionLists, sessions } from './state.js';
import type { SessionDocument } from './state.js';
import { readAttempts, usedProblem } from './used-factors.js';

export function decideSessionLife(
  command: SessionLifeCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  switch (command.type) {
    case 'StartSession':
      return start(command, view, facts);
    case 'StepUpSession':
      return stepUp(command, view, facts);
    case 'ExtendSession':
      return extend(command, view, facts);
    case 'EndSession':
      return end(command, view, facts);
    case 'EndSessions':
      return endMany(command, view, facts);
  }
}

function start(command: StartSession, view: DocumentReader, facts: Facts): Decision {
  const { type: _, idleMs, mostSessions, ...rest } = command;
  const { session, principal, expiresAtMs } = rest;
  const { tenant, nowMs } = facts;
  const tooLong = expiresAtMs > nowMs + longestSessionMs ? 'is too far ahead' : undefined;
  const refused = refuseFields(
    ['label', freeTextProblem(rest.label, 0, 100)],
    ['expires_at_ms', futureProblem(expiresAtMs, nowMs) ?? tooLong],
  );
  if (refused !== undefined) return refused;
  if (sessions.read(view, tenant, session) !== undefined) {
    return reject('ALREADY_EXISTS', 'the session exists');
  }
  const problem = usedProblem(command, view, facts);
  if (problem !== undefined) return problem;
  readAttempts(view, tenant, principal);
  const ended = beyondLimit(principal, mostSessions, view, facts);
  const idleUntilMs = Math.min(nowMs + idleMs, expiresAtMs);
  return accept(...ended, {
    type: 'SessionStarted',
    ...rest,
    startedAtMs: nowMs,
    idleUntilMs,
  });
}

/** The oldest go, those first that have been idle for too long. */
function beyondLimit(
  principal: string,
  most: number,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): DomainEvent[] {
  const listed = sessionLists.read(view, tenant, principal)?.sessions ?? [];
  const current = listed.filter((one) => one.expiresAtMs > nowMs);
  const excess = current.length + 1 - most;
  if (excess <= 0) return [];
  const held = current.flatMap(({ session }) => {
    const document = sessions.read(view, tenant, session);
    return document === undefined ? [] : [{ session, document }];
  });
  const rank = (one: SessionDocument): number => (isLive(one, nowMs) ? 1 : 0);
  return held
    .sort((a, b) => rank(a.document) - rank(b.document))
    .slice(0, Math.min(excess, mostEnded))
    .map(({ session, document }) => ending(session, document, 'LIMIT'));
}

function stepUp(command: StepUpSession, view: DocumentReader, facts: Facts): Decision {
  const { tenant, nowMs } = facts;
  const { session, acr, amr, authTimeMs, authPosition, credential, tokenSha256, used } = command;
  const current = liveSession(view, tenant, session, nowMs);
  if (current === undefined) return noSession();
  const problem = usedProblem(command, view, facts);
  if (problem !== undefined) return problem;
  readAttempts(view, tenant, current.principal);
  return accept({
    type: 'SessionSteppedUp',
    session,
    ...current,
    acr,
    amr,
    authTimeMs,
    authPosition: Math.max(authPosition, current.authPosition),
    credential,
    tokenSha256,
    replacedTokenSha256: current.tokenSha256,
    used,
    idleUntilMs: Math.min(nowMs + command.idleMs, current.expiresAtMs),
  });
}

function extend(
  { session, idleMs }: ExtendSession,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Decision {
  const current = liveSession(view, tenant, session, nowMs);
  if (current === undefined) return noSession();
  return accept(...extension(session, current, idleMs, nowMs));
}

/** Nothing while the last extension is not old enough to be worth a record. */
export function extension(
  session: string,
  current: SessionDocument,
  idleMs: number,
  nowMs: number,
): DomainEvent[] {
  const idleUntilMs = Math.min(nowMs + idleMs, current.expiresAtMs);
  const step = Math.min(extensionStepMs, idleMs / 2);
  if (idleUntilMs < current.idleUntilMs + step) return [];
  return [{ type: 'SessionExtended', session, ...current, idleUntilMs }];
}

function end(
  { session, principal, cause }: EndSession,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const current = sessions.read(view, tenant, session);
  if (current?.principal !== principal) return noSession();
  sessionLists.read(view, tenant, principal);
  return accept(ending(session, current, cause));
}

function endMany(
  { principal, except, cause }: EndSessions,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Decision {
  if (except !== undefined && sessions.read(view, tenant, except)?.principal !== principal) {
    return noSession();
  }
  const listed = sessionLists.read(view, tenant, principal)?.sessions ?? [];
  const ended = listed
    .filter((one) => one.session !== except && one.expiresAtMs > nowMs)
    .slice(0, mostEnded)
    .flatMap(({ session }) => {
      const document = sessions.read(view, tenant, session);
      return document === undefined ? [] : [ending(session, document, cause)];
    });
  return accept(...ended);
}

function ending(
  session: string,
  { principal, expiresAtMs, tokenSha256 }: SessionDocument,
  cause: SessionEndCause,
): DomainEvent {
  return { type: 'SessionEnded', session, principal, cause, expiresAtMs, tokenSha256 };
}

export function noSession(): Rejection {
  return reject('NOT_FOUND', 'no such session, or it has ended');
}
