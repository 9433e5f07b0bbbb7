import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { Failure } from '#libs/errors/failure.js';
import { accept, futureProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import type { AttemptChallenge, ChallengeCommand, IssueChallenge } from './commands.js';
import { challengeProblem, challenges, challengeSlots, slotId } from './state.js';

/** Tries of any one code (SP 800-63B-4, 3.2.2; ASVS 5.0: 6.6.3). */
export const mostTries = 5;

export function decideChallenge(
  command: ChallengeCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  return command.type === 'IssueChallenge'
    ? issue(command, view, facts)
    : attempt(command, view, facts);
}

function issue(command: IssueChallenge, view: DocumentReader, facts: Facts): Decision {
  const { type: _, mostInWindow, windowMs, ...rest } = command;
  const { challenge, kind, principal, tries, expiresAtMs, device } = rest;
  const { tenant, nowMs } = facts;
  const countable = Number.isInteger(tries) && tries >= 1 && tries <= mostTries;
  const refused = refuseFields(
    ['tries', countable ? undefined : `must be a whole number from 1 to ${mostTries}`],
    ['expires_at_ms', futureProblem(expiresAtMs, nowMs)],
  );
  if (refused !== undefined) return refused;
  if (challenges.read(view, tenant, challenge) !== undefined) {
    return reject('ALREADY_EXISTS', 'the challenge exists');
  }
  const sent = challengeSlots.read(view, tenant, slotId(principal, kind, device))?.sentAtMs ?? [];
  const recent = sent.filter((atMs) => atMs > nowMs - windowMs);
  if (recent.length >= mostInWindow) {
    const waitMs = windowMs - (nowMs - (recent[recent.length - mostInWindow] ?? nowMs));
    return tooMany('too many codes were sent; wait before you ask for another one', waitMs);
  }
  return accept({ type: 'ChallengeIssued', ...rest });
}

function attempt(
  { challenge, binding }: AttemptChallenge,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Decision {
  const document = challenges.read(view, tenant, challenge);
  // Whoever was not given the challenge is told nothing about it, and uses up no try.
  if (document?.issued?.binding !== binding) return document?.used === true ? used() : unknown();
  const problem = challengeProblem(view, tenant, challenge, nowMs);
  if (problem !== undefined) return problem;
  const { principal, tries: left } = document.issued;
  if (left <= 0) return reject('LIMIT_REACHED', 'too many wrong codes; ask for a new one');
  return accept({ type: 'ChallengeAttempted', challenge, principal, triesLeft: left - 1 });
}

function used(): Rejection {
  return reject('ALREADY_USED', 'this was used before; begin again');
}

function unknown(): Rejection {
  return reject('CREDENTIALS_REJECTED', 'the code is wrong, or has expired');
}

function tooMany(message: string, retryAfterMs: number): Rejection {
  return { rejected: new Failure('TOO_MANY_REQUESTS', message, { retryAfterMs }) };
}
