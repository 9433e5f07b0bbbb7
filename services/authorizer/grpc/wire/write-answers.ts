import type {
  Answer,
  Answered,
  Authentication,
  Identity,
} from '#services/authorizer/app/answers.js';
import {
  stepUpKind,
  stepUpParameters,
  type EndpointAnswer,
} from '#services/authorizer/app/endpoint-answer.js';
import { WireWriter } from './wire-writer.js';

/**
 * Encoders, by hand, of the three answers that are given most: the same bytes as the generated code
 * writes. What they return is valid until the next call: gRPC copies it in the same turn.
 */

const writer = new WireWriter();

/** Decision on the wire. */
const numbers = { CANNOT_DECIDE: 0, ALLOW: 1, DENY: 2 } as const;

/** `AuthorizeResponse`. */
export function writeAnswer(answer: Answer): Buffer {
  writer.reset();
  put(writer, answer, true);
  return writer.finish();
}

/** `BatchAuthorizeResponse`; where it was answered stands once, for all of them. */
export function writeAnswers(answers: readonly Answer[], answered: Answered): Buffer {
  writer.reset();
  for (const answer of answers) {
    const start = writer.begin(10);
    put(writer, answer, false);
    writer.end(start);
  }
  putAnswered(writer, 18, answered);
  return writer.finish();
}

/** `AuthenticateResponse`. */
export function writeAuthentication(authentication: Authentication): Buffer {
  writer.reset();
  const { identity } = authentication;
  writer.bool(8, identity !== undefined);
  if (identity === undefined) writer.text(18, authentication.reason);
  else putIdentity(writer, identity);
  putAnswered(writer, 34, authentication.answered);
  return writer.finish();
}

function put(to: WireWriter, answer: Answer, alone: boolean): void {
  to.int(8, numbers[answer.outcome]);
  to.text(18, answer.reason);
  to.text(26, answer.tenant);
  to.text(34, answer.principal);
  to.int(40, finite(answer.validUntilMs));
  if (alone) putAnswered(to, 50, answer.answered);
  to.text(58, answer.decisionId);
  if (answer.endpoint !== undefined) putEndpoint(to, answer.endpoint);
}

/** The obligation, and what a gateway needs. */
function putEndpoint(to: WireWriter, endpoint: EndpointAnswer): void {
  if (endpoint.obligation !== undefined) {
    const start = to.begin(66);
    to.text(10, stepUpKind);
    for (const [name, value] of Object.entries(stepUpParameters(endpoint.obligation))) {
      const entry = to.begin(18);
      to.text(10, name);
      to.text(18, value);
      to.end(entry);
    }
    to.end(start);
  }
  const start = to.begin(74);
  to.text(10, endpoint.rule?.rule ?? '');
  to.text(18, endpoint.rule?.permission ?? '');
  to.text(26, endpoint.resource);
  for (const scope of endpoint.scopes) to.text(34, scope);
  to.int(40, endpoint.httpStatus);
  to.text(50, endpoint.wwwAuthenticate);
  to.end(start);
}

function putAnswered(to: WireWriter, tag: number, answered: Answered): void {
  const start = to.begin(tag);
  to.int(8, answered.position);
  to.int(16, finite(Math.round(answered.stalenessMs)));
  to.bool(24, answered.stale);
  if (answered.sessionPosition >= 0) to.whole(32, answered.sessionPosition);
  to.end(start);
}

function putIdentity(to: WireWriter, identity: Identity): void {
  const start = to.begin(26);
  to.text(10, identity.tenant);
  to.text(18, identity.principal);
  to.text(26, identity.principalKind);
  to.text(34, identity.credentialKind);
  to.text(42, identity.credential);
  for (const role of identity.roles) to.text(50, role);
  for (const scope of identity.scopes) to.text(58, scope);
  to.text(66, identity.acr);
  for (const method of identity.amr) to.text(74, method);
  to.int(80, finite(identity.expiresAtMs));
  to.int(88, finite(identity.authTimeMs));
  to.text(98, identity.session);
  to.text(106, identity.client);
  to.end(start);
}

/** 0 on the wire stands for "never". */
function finite(value: number): number {
  return Number.isFinite(value) ? Math.floor(value) : 0;
}
