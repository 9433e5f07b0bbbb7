import { eventMessage, pathMessage, timeOrZero } from '#libs/history/explained-messages.js';
import type { Explained } from '#libs/history/explained.js';
import type {
  Answered as WireAnswered,
  AuthorizeResponse,
  Consistency,
  Credential,
  Endpoint,
  EndpointAnswer as WireEndpointAnswer,
  ExplainResponse,
  ListPermissionsResponse,
  Obligation,
  Subject,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import type { Answer, Answered } from '#services/authorizer/app/answers.js';
import {
  stepUpKind,
  stepUpParameters,
  type EndpointAnswer,
} from '#services/authorizer/app/endpoint-answer.js';
import type { PermissionsPage } from '#services/authorizer/app/list-permissions.js';
import type { WireConsistency, WireEndpoint, WireWho } from './wire-question.js';

// Between generated messages and our own types, for the calls that are not decoded by hand.

type WhoMessage =
  | { $case: 'credential'; value: Credential }
  | { $case: 'subject'; value: Subject }
  | undefined;

export function whoOf(who: WhoMessage): WireWho {
  if (who === undefined) return undefined;
  if (who.$case === 'credential') return credentialOf(who.value);
  return { kind: 'SUBJECT', tenant: who.value.tenantId, principal: who.value.principalId };
}

function credentialOf({ credential, possession }: Credential): WireWho {
  switch (credential?.$case) {
    case 'bearerToken':
      return { kind: 'TOKEN', text: credential.value, proof: possession };
    case 'sessionToken':
      return { kind: 'SESSION', text: credential.value };
    case 'apiKey':
      return { kind: 'API_KEY', text: credential.value };
    case 'basic':
      return { kind: 'BASIC', ...credential.value };
    case undefined:
      return { kind: 'EMPTY' };
  }
}

export function consistencyOf(consistency: Consistency | undefined): WireConsistency {
  if (consistency === undefined) return undefined;
  const { requirement } = consistency;
  switch (requirement?.$case) {
    case 'minimizeLatency':
      return { kind: 'MINIMIZE_LATENCY', value: requirement.value };
    case 'atLeastAsFresh':
      return { kind: 'AT_LEAST_AS_FRESH', token: requirement.value };
    case 'fullyConsistent':
      return { kind: 'FULLY_CONSISTENT', value: requirement.value };
    case undefined:
      return { kind: 'EMPTY' };
  }
}

export function answeredMessage(answered: Answered): WireAnswered {
  const { position, sessionPosition, stalenessMs, stale } = answered;
  const known = Number.isFinite(stalenessMs) ? Math.round(stalenessMs) : 0;
  return {
    position: BigInt(position),
    stalenessMs: BigInt(known),
    stale,
    ...(sessionPosition < 0 ? {} : { sessionPosition: BigInt(sessionPosition) }),
  };
}

const decisions = { CANNOT_DECIDE: 0, ALLOW: 1, DENY: 2 } as const;

export function answerMessage(answer: Answer): AuthorizeResponse {
  return {
    decision: decisions[answer.outcome],
    reason: answer.reason,
    tenantId: answer.tenant,
    principalId: answer.principal,
    validUntilMs: timeOrZero(answer.validUntilMs),
    answered: answeredMessage(answer.answered),
    decisionId: answer.decisionId,
    obligations: obligationsOf(answer),
    ...(answer.endpoint && { endpoint: endpointMessage(answer.endpoint) }),
  };
}

function obligationsOf({ endpoint }: Answer): Obligation[] {
  if (endpoint?.obligation === undefined) return [];
  return [{ kind: stepUpKind, parameters: stepUpParameters(endpoint.obligation) }];
}

function endpointMessage(endpoint: EndpointAnswer): WireEndpointAnswer {
  const { rule, resource, scopes, httpStatus, wwwAuthenticate } = endpoint;
  const asked = { ruleId: rule?.rule ?? '', permission: rule?.permission ?? '', resource };
  return { ...asked, scopes: [...scopes], httpStatus, wwwAuthenticate };
}

/** The endpoint of a question that is not decoded by hand. */
export function endpointOfMessage(endpoint: Endpoint | undefined): WireEndpoint | undefined {
  if (endpoint === undefined) return undefined;
  const { api, call, parameters, tenantId: tenant } = endpoint;
  const given = new Map(Object.entries(parameters));
  switch (call?.$case) {
    case 'grpcMethod':
      return { api, call: { kind: 'GRPC', method: call.value }, parameters: given, tenant };
    case 'http':
      return { api, call: { kind: 'HTTP', ...call.value }, parameters: given, tenant };
    case undefined:
      return { api, call: undefined, parameters: given, tenant };
  }
}

export function explainedMessage(explained: Explained<Answer>): ExplainResponse {
  return {
    answer: answerMessage(explained.answer),
    paths: explained.paths.map(pathMessage),
    summary: explained.summary,
    events: explained.events.map(eventMessage),
  };
}

export function pageMessage(page: PermissionsPage): ListPermissionsResponse {
  return {
    permissions: page.permissions.map(({ permission, resourcePrefixes }) => ({
      permission,
      resourcePrefixes: [...resourcePrefixes],
    })),
    nextPageToken: page.nextPageToken,
    answered: answeredMessage(page.answered),
  };
}
