import { wantedScopes } from '#libs/access/evaluate/endpoint.js';
import type { Obligation } from '#libs/access/evaluate/step-up.js';
import type { EndpointRule } from '#libs/events/catalogue.js';
import type { Outcome } from './answers.js';
import { isUndecided, type Reason } from './reasons.js';

/** What a gateway needs beside the decision. */
export interface EndpointAnswer {
  readonly rule: EndpointRule | undefined;
  /** Of the resource template, filled; `''` also where it could not be. */
  readonly resource: string;
  /** Scope words of the credential; none: it is not limited by scopes. */
  readonly scopes: readonly string[];
  /** What would be enough, when the reason is STEP_UP_REQUIRED. */
  readonly obligation: Obligation | undefined;
  readonly httpStatus: number;
  /** Value of `WWW-Authenticate`; `''`: none is to be sent. */
  readonly wwwAuthenticate: string;
}

export interface Judged {
  readonly api: string;
  readonly reason: Reason;
  readonly outcome: Outcome;
  /** Whether a credential was found good before it was refused for something else. */
  readonly known: boolean;
  readonly rule: EndpointRule | undefined;
  readonly resource: string | undefined;
  readonly scopes: readonly string[];
  readonly obligation: Obligation | undefined;
}

export function endpointAnswer(judged: Judged): EndpointAnswer {
  const { rule, resource = '', scopes, obligation } = judged;
  const [httpStatus, wwwAuthenticate] = refusalOf(judged);
  return { rule, resource, scopes, obligation, httpStatus, wwwAuthenticate };
}

/** Status and challenge for the caller of the endpoint (RFC 9110 section 15, RFC 6750, RFC 9470). */
function refusalOf(judged: Judged): readonly [status: number, challenge: string] {
  const { reason, outcome, known, api, rule, obligation } = judged;
  if (outcome === 'ALLOW') return [200, ''];
  if (isUndecided(reason)) return [503, ''];
  if (reason === 'RESOURCE_INVALID') return [400, ''];
  // RFC 6750 section 3.1: no error code for whoever presented nothing.
  if (reason === 'CREDENTIAL_MISSING') return [401, challenge(api, [])];
  if (reason === 'STEP_UP_REQUIRED') return [401, challenge(api, stepUp(obligation))];
  if (reason === 'SCOPE_INSUFFICIENT') return [403, challenge(api, insufficientScope(rule))];
  return known ? [403, ''] : [401, challenge(api, [['error', 'invalid_token']])];
}

/** RFC 6750 section 3: with the scopes that the rule asks for, where it asks for any. */
function insufficientScope(rule: EndpointRule | undefined): readonly Parameter[] {
  const wanted = rule === undefined ? [] : wantedScopes(rule);
  const scope: readonly Parameter[] = wanted.length === 0 ? [] : [['scope', wanted.join(' ')]];
  return [['error', 'insufficient_scope'], ...scope];
}

export const stepUpKind = 'step_up';

/** Of the obligation: `acr`, and `max_age` in seconds; what is left out is good enough. */
export function stepUpParameters({ acr, maxAgeMs }: Obligation): Record<string, string> {
  return {
    ...(acr === '' ? {} : { acr }),
    ...(maxAgeMs === undefined ? {} : { max_age: `${Math.floor(maxAgeMs / 1000)}` }),
  };
}

/** RFC 9470 section 3. */
function stepUp(obligation: Obligation | undefined): readonly Parameter[] {
  const { acr, max_age: age } = obligation === undefined ? {} : stepUpParameters(obligation);
  const parameters: Parameter[] = [['error', 'insufficient_user_authentication']];
  if (acr !== undefined) parameters.push(['acr_values', acr]);
  if (age !== undefined) parameters.push(['max_age', age]);
  return parameters;
}

type Parameter = readonly [name: string, value: string];

/** No value can end its quotes: what is not plain is left out. */
function challenge(realm: string, parameters: readonly Parameter[]): string {
  const all: readonly Parameter[] = [['realm', realm], ...parameters];
  const plain = (text: string): string => text.replaceAll(/[^\w.:/+ -]/gu, '');
  return `Bearer ${all.map(([name, value]) => `${name}="${plain(value)}"`).join(', ')}`;
}
