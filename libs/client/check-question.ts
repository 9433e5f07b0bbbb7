import { LedgateError } from '#libs/client/ledgate-error.js';
import {
  type AnyQuestion,
  type Credential,
  type EndpointCall,
  type Who,
} from '#libs/client/question.js';

/**
 * A text as it will arrive: lone surrogates would be replaced on the wire, and another resource or
 * name be asked about.
 */
function checkText(field: string, text: unknown): void {
  if (typeof text === 'string' && !/\p{Surrogate}/u.test(text)) return;
  const what = typeof text === 'string' ? 'is not Unicode' : 'is not a text';
  throw new LedgateError('BAD_QUESTION', `${field} ${what}`, { reason: 'INVALID_ARGUMENT' });
}

export function checkCredential(credential: Credential): void {
  const { bearerToken, apiKey, sessionToken, basic, possession } = credential as Partial<{
    bearerToken: string;
    apiKey: string;
    sessionToken: string;
    basic: Record<string, unknown>;
    possession: Record<string, unknown>;
  }>;
  if (basic) {
    for (const name of ['tenant', 'username', 'password']) checkText(name, basic[name]);
  } else {
    checkText('credential', bearerToken ?? apiKey ?? sessionToken);
  }
  if (possession !== undefined) checkPossession(possession);
}

function checkPossession({ certificateSha256, verifiedJkt, dpop }: Record<string, unknown>): void {
  if (dpop === undefined) {
    checkText('possession', certificateSha256 ?? verifiedJkt);
    return;
  }
  const fields = dpop as Record<string, unknown>;
  for (const name of ['proof', 'httpMethod', 'httpUri']) checkText(`dpop.${name}`, fields[name]);
}

export function checkWho({ credential, subject }: Who): void {
  if (subject) {
    checkText('subject.tenantId', subject.tenantId);
    checkText('subject.principalId', subject.principalId);
  } else if (credential) {
    checkCredential(credential);
  } else {
    checkText('credential', undefined);
  }
}

/**
 * Throws LedgateError BAD_QUESTION for what cannot be written to the wire as it is. Types keep it
 * away from TypeScript; from JavaScript it would fail the whole batch that it travels in.
 */
export function checkQuestion(question: AnyQuestion): void {
  if ('endpoint' in question) {
    const { credential, subject, endpoint } = question;
    if (credential !== undefined || subject !== undefined) checkWho(question);
    checkEndpoint(endpoint);
    return;
  }
  checkWho(question);
  checkText('action', question.action);
  checkText('resource', question.resource);
}

function checkEndpoint({ api, call, parameters = {}, tenantId = '' }: EndpointCall): void {
  checkText('endpoint.api', api);
  checkText('endpoint.tenantId', tenantId);
  if ('grpcMethod' in call) checkText('endpoint.call.grpcMethod', call.grpcMethod);
  else {
    checkText('endpoint.call.httpMethod', call.httpMethod);
    checkText('endpoint.call.path', call.path);
  }
  for (const [name, value] of Object.entries(parameters)) {
    checkText('endpoint.parameters', name);
    checkText(`endpoint.parameters.${name}`, value);
  }
}
