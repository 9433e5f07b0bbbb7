import type { EndpointCredential, EndpointRule } from '#libs/events/catalogue.js';

import { fillResource } from '../endpoint/resource-template.js';
import type { EndpointCall } from '../endpoint/rule-table.js';
import type { CredentialLimits } from '../projection/api-key.js';
import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';
import {
  ALLOW,
  CREDENTIAL_EXPIRED,
  ENDPOINT_REFUSES_CREDENTIAL,
  ENDPOINT_UNKNOWN,
  PRINCIPAL_UNKNOWN,
  QUARANTINED,
  type ReasonCode,
  RESOURCE_INVALID,
  SCOPE_INSUFFICIENT,
  STEP_UP_REQUIRED,
} from '../reason-code.js';
import { check, validUntilMs } from './check.js';
import { nothing } from './scope-limits.js';
import { type AuthenticationFacts, type Obligation, stepUpNeeded } from './step-up.js';
import { principalStatus, tenantStatus } from './subject-status.js';
import { touchesSubject } from './touches-quarantine.js';

/** A call of one endpoint of an API. */
export interface EndpointQuestion {
  readonly api: string;
  readonly call: EndpointCall;
  /** Values for the resource template beside the parameters of the path, which win. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** The rule of a call, or why there is none (`rule` is undefined then). */
export interface FoundRule {
  readonly code: ReasonCode;
  readonly rule: EndpointRule | undefined;
  /** What the rule's resource template names; undefined: it cannot be named. */
  readonly resource: string | undefined;
}

/**
 * Finds the rule of a call among those of `owner`, the tenant whose API it is. What has no rule is
 * denied (ENDPOINT_UNKNOWN), and so is a path that could be taken for another one (RESOURCE_INVALID).
 */
export function findRule(
  view: ViewState,
  owner: Tenant | undefined,
  { api, call, parameters }: EndpointQuestion,
): FoundRule {
  const ofApi = apiStatus(view, owner, api);
  if (owner === undefined || ofApi !== ALLOW) return noRule(ofApi);
  const match = owner.apis.get(api)?.table.find(call);
  if (match?.found !== 'RULE') {
    return noRule(match?.found === 'MALFORMED' ? RESOURCE_INVALID : ENDPOINT_UNKNOWN);
  }
  const { rule, parameters: ofPath } = match;
  const template = rule.resourceTemplate ?? '';
  const resource = fillResource(template, (name) => ofPath.get(name) ?? parameters.get(name));
  return { code: ALLOW, rule, resource };
}

/** The rule with this id, as it is now; `resource` is what was named when it was found. */
export function ruleById(
  view: ViewState,
  owner: Tenant | undefined,
  { api, rule: id, resource }: Readonly<Record<'api' | 'rule' | 'resource', string>>,
): FoundRule {
  const ofApi = apiStatus(view, owner, api);
  if (owner === undefined || ofApi !== ALLOW) return noRule(ofApi);
  for (const { rule } of owner.apis.get(api)?.rules.values() ?? []) {
    if (rule.rule === id) return { code: ALLOW, rule, resource };
  }
  return noRule(ENDPOINT_UNKNOWN);
}

/** ALLOW when the rules of the API can be looked at, else why not. */
function apiStatus(view: ViewState, owner: Tenant | undefined, api: string): ReasonCode {
  if (owner === undefined) return ENDPOINT_UNKNOWN;
  if (view.quarantined.size > 0 && view.quarantined.holds(owner.id, 'api', api)) return QUARANTINED;
  return tenantStatus(view, owner);
}

function noRule(code: ReasonCode): FoundRule {
  return { code, rule: undefined, resource: undefined };
}

/** Who calls an endpoint: a credential that was found good, or a subject that somebody named. */
export interface EndpointCaller extends AuthenticationFacts {
  /** Row of the principal; −1: none. */
  readonly row: number;
  /** `undefined`: only a subject was named, which shows no credential at all. */
  readonly kind: EndpointCredential | undefined;
  /** Scope words as the credential has them; none: no limit. */
  readonly scopes: readonly string[];
  /** With the patterns that the words come to. */
  readonly limits: CredentialLimits;
}

export interface EndpointRuling {
  /** `=== ALLOW` is the only test for allow. */
  readonly code: ReasonCode;
  readonly validUntilMs: number;
  /** With STEP_UP_REQUIRED: what would be enough. */
  readonly obligation: Obligation | undefined;
}

/**
 * Whether a caller meets a rule that is not public. The rules, in this order; the first that fails is
 * the reason: kind of credential, scopes, the permission on the resource (`check`), and at last the
 * strength and age of the authentication, so that nobody is asked to log in again for nothing.
 */
export function checkRule(
  view: ViewState,
  { rule, resource }: { readonly rule: EndpointRule; readonly resource: string | undefined },
  caller: EndpointCaller,
  nowMs: number,
): EndpointRuling {
  const { credentialKinds: kinds, permission } = rule;
  if (kinds.length > 0 && (caller.kind === undefined || !kinds.includes(caller.kind))) {
    return refused(ENDPOINT_REFUSES_CREDENTIAL);
  }
  if (!meetsScopes(rule, caller)) return refused(SCOPE_INSUFFICIENT);
  if (resource === undefined) return refused(RESOURCE_INVALID);
  let code: ReasonCode;
  let until: number;
  if (permission === undefined) {
    code = standing(view, caller, nowMs);
    until = caller.limits.expiresAtMs;
  } else {
    code = check(view, caller.row, permission, resource, nowMs, caller.limits);
    until = validUntilMs(view);
  }
  if (code !== ALLOW) return { code, validUntilMs: until, obligation: undefined };
  const obligation = stepUpNeeded(caller, rule, nowMs);
  if (obligation !== undefined) return { ...refused(STEP_UP_REQUIRED), obligation };
  const { maxAuthAgeMs } = rule;
  const aged = maxAuthAgeMs === undefined ? Infinity : caller.authTimeMs + maxAuthAgeMs + 1;
  return { code: ALLOW, validUntilMs: Math.min(until, aged), obligation: undefined };
}

function refused(code: ReasonCode): EndpointRuling {
  return { code, validUntilMs: Number.POSITIVE_INFINITY, obligation: undefined };
}

/** Scopes are words here. A credential without scopes is not limited, and has them all. */
function meetsScopes(rule: EndpointRule, { scopes, limits }: EndpointCaller): boolean {
  if (scopes.length === 0) return true;
  const { allScopes, anyScopes, permission } = rule;
  const named = allScopes.length + anyScopes.length > 0;
  // What its scopes come to is nothing: it passes only where one of its words is asked for.
  if (!named && permission === undefined && limits.scopes === nothing) return false;
  if (!allScopes.every((scope) => scopes.includes(scope))) return false;
  return anyScopes.length === 0 || anyScopes.some((scope) => scopes.includes(scope));
}

/** Of a rule that only wants somebody known: what `check` looks at before the permission. */
function standing(view: ViewState, { row, limits }: EndpointCaller, nowMs: number): ReasonCode {
  if (row < 0) return PRINCIPAL_UNKNOWN;
  if (touchesSubject(view, row)) return QUARANTINED;
  const ofTenant = tenantStatus(view, view.tenants[view.principals.tenantOf(row)]);
  if (ofTenant !== ALLOW) return ofTenant;
  const ofPrincipal = principalStatus(view, row, nowMs);
  if (ofPrincipal !== ALLOW) return ofPrincipal;
  return limits.expiresAtMs > nowMs ? ALLOW : CREDENTIAL_EXPIRED;
}

/** Scopes that a credential would have to have, in the order of the rule (RFC 6750 section 3). */
export function wantedScopes({ allScopes, anyScopes }: EndpointRule): readonly string[] {
  return [...new Set([...allScopes, ...anyScopes])];
}
