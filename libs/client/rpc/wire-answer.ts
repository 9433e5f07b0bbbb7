import {
  Decision,
  type Answered as WireAnswered,
  type AuthenticateResponse,
  type AuthorizeResponse,
  type EventRef as WireEventRef,
  type ExplainResponse,
  type GrantPath as WireGrantPath,
  type ListPermissionsResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import {
  type Answer,
  type Answered,
  type Authentication,
  type EventRef,
  type Explanation,
  type GrantPath,
  type PermissionsPage,
} from '#libs/client/answer.js';
import { brokenAnswer, LedgateError } from '#libs/client/ledgate-error.js';

function plain(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw brokenAnswer('has a number out of range');
  return number;
}

const timeOrNever = (ms: bigint): number | undefined => (ms === 0n ? undefined : plain(ms));

export function answeredOf(answered: WireAnswered | undefined): Answered {
  if (!answered) throw brokenAnswer('does not say at which position it was given');
  return {
    position: plain(answered.position),
    stalenessMs: plain(answered.stalenessMs),
    stale: answered.stale,
    sessionPosition: answered.sessionPosition === undefined ? -1 : plain(answered.sessionPosition),
  };
}

/** In a batch: this service may not ask that. A single question is refused with a status. */
const callerRefused = 'CALLER_NOT_PERMITTED';

/**
 * A decision that is neither ALLOW nor DENY is none, and nothing is guessed from it. In a batch it
 * stands for a question that nobody could decide; the reason says why.
 */
function decisionOf({ decision, reason }: AuthorizeResponse): Answer['decision'] {
  if (decision === Decision.DECISION_ALLOW) return 'ALLOW';
  if (reason === callerRefused) {
    throw new LedgateError('CALLER_REFUSED', 'This service may not ask that', { reason });
  }
  if (decision === Decision.DECISION_DENY) return 'DENY';
  if (decision !== Decision.DECISION_UNSPECIFIED || reason === '') {
    throw brokenAnswer('has no decision');
  }
  throw new LedgateError('UNDECIDED', `The authorizer could not decide (${reason})`, { reason });
}

export function answerOf(response: AuthorizeResponse, ofBatch?: WireAnswered): Answer {
  return {
    decision: decisionOf(response),
    reason: response.reason,
    tenantId: response.tenantId,
    principalId: response.principalId,
    validUntilMs: timeOrNever(response.validUntilMs),
    answered: answeredOf(response.answered ?? ofBatch),
    decisionId: response.decisionId,
    obligations: response.obligations.map(({ kind, parameters }) => ({
      kind,
      parameters: { ...parameters },
    })),
    ...(response.endpoint && { endpoint: { ...response.endpoint } }),
  };
}

export function authenticationOf(response: AuthenticateResponse): Authentication {
  const answered = answeredOf(response.answered);
  if (!response.authenticated) return { authenticated: false, reason: response.reason, answered };
  const { identity } = response;
  if (!identity) throw brokenAnswer('names nobody');
  const expiresAtMs = timeOrNever(identity.expiresAtMs);
  const authTimeMs = timeOrNever(identity.authTimeMs);
  return { authenticated: true, identity: { ...identity, expiresAtMs, authTimeMs }, answered };
}

export function permissionsOf(response: ListPermissionsResponse): PermissionsPage {
  return {
    permissions: response.permissions,
    nextPageToken: response.nextPageToken === '' ? undefined : response.nextPageToken,
    answered: answeredOf(response.answered),
  };
}

const eventOf = (event: WireEventRef): EventRef => ({
  ...event,
  position: plain(event.position),
  atMs: plain(event.atMs),
});

const pathOf = (path: WireGrantPath): GrantPath => ({
  ...path,
  expiresAtMs: timeOrNever(path.expiresAtMs),
  events: path.events.map(eventOf),
});

export function explanationOf(response: ExplainResponse): Explanation {
  if (!response.answer) throw brokenAnswer('explains nothing');
  return {
    answer: answerOf(response.answer),
    paths: response.paths.map(pathOf),
    summary: response.summary,
    events: response.events.map(eventOf),
  };
}
