import { parseTemplate } from '#libs/access/endpoint/path-template.js';
import { resourceTemplateProblem } from '#libs/access/endpoint/resource-template.js';
import { acrLevel, acrValues } from '#libs/access/evaluate/step-up.js';
import type { EndpointRule } from '#libs/events/catalogue.js';
import { countProblem } from '#services/identity/domain/decision.js';
import { eachProblem, permissionProblem } from '#services/identity/domain/names/exact-name.js';
import { scopeNameProblem } from '#services/identity/domain/scope/scope-name.js';

export const mostScopesOfRule = 20;
const leastAuthAgeMs = 1_000;
const mostAuthAgeMs = 400 * 86_400_000;
const leastStalenessMs = 1_000;
const mostStalenessMs = 15 * 60_000;

const grpcMethod = /^\/[A-Za-z_][\w.]{0,190}\/[A-Za-z_]\w{0,63}$/;
const httpMethod = /^[A-Z]{1,16}$/;

type Problems = (readonly [field: string, problem: string | undefined])[];

/** Problems of one rule by itself, as `[field, problem]`; `at` stands before the fields. */
export function ruleProblems(rule: EndpointRule, at = 'rule.'): Problems {
  const field = (name: string): string => `${at}${name}`;
  return [
    ...placeProblems(rule, at),
    ...wordProblems(rule, at),
    [field('permission'), permissionOf(rule)],
    [field('resource_template'), resourceOf(rule)],
    [field('min_acr'), acrOf(rule.minAcr)],
    [field('max_auth_age_ms'), msProblem(rule.maxAuthAgeMs, leastAuthAgeMs, mostAuthAgeMs)],
    [field('max_staleness_ms'), msProblem(rule.maxStalenessMs, leastStalenessMs, mostStalenessMs)],
    [field('public'), publicProblem(rule)],
  ];
}

/** Problems of what names an endpoint. */
export function placeProblems(
  { protocol, method, template }: Pick<EndpointRule, 'protocol' | 'method' | 'template'>,
  at = '',
): Problems {
  if (protocol === 'GRPC') {
    const known = grpcMethod.test(method);
    return [
      [`${at}method`, known ? undefined : 'must be like "/shop.v1.Orders/GetOrder"'],
      [`${at}path_template`, template === '' ? undefined : 'belongs to HTTP'],
    ];
  }
  const parsed = parseTemplate(template);
  return [
    [`${at}method`, httpMethod.test(method) ? undefined : 'must be like "GET", in upper case'],
    [`${at}path_template`, typeof parsed === 'string' ? parsed : undefined],
  ];
}

function wordProblems({ allScopes, anyScopes, credentialKinds }: EndpointRule, at: string) {
  const twice = (): undefined => undefined;
  return [
    [`${at}all_scopes`, countProblem(allScopes.length, mostScopesOfRule)],
    ...eachProblem(`${at}all_scopes`, allScopes, scopeNameProblem),
    [`${at}any_scopes`, countProblem(anyScopes.length, mostScopesOfRule)],
    ...eachProblem(`${at}any_scopes`, anyScopes, scopeNameProblem),
    ...eachProblem(`${at}credential_kinds`, credentialKinds, twice),
  ] satisfies Problems;
}

function permissionOf({ permission }: EndpointRule): string | undefined {
  return permission === undefined ? undefined : permissionProblem(permission);
}

function resourceOf({ permission, resourceTemplate }: EndpointRule): string | undefined {
  if (resourceTemplate === undefined) return undefined;
  if (permission === undefined) return 'means nothing without a permission';
  return resourceTemplateProblem(resourceTemplate);
}

/** A demand that cannot be understood would never be met. */
function acrOf(acr: string | undefined): string | undefined {
  if (acr === undefined || acrLevel(acr) > 0) return undefined;
  return `must be one of ${acrValues.join(', ')}`;
}

/** A public endpoint asks nothing of anybody: whoever wants more of it does not mean public. */
function publicProblem(rule: EndpointRule): string | undefined {
  if (!rule.public) return undefined;
  const asks =
    rule.allScopes.length + rule.anyScopes.length + rule.credentialKinds.length > 0 ||
    rule.permission !== undefined ||
    rule.minAcr !== undefined ||
    rule.maxAuthAgeMs !== undefined;
  return asks ? 'a public endpoint can ask for nothing else' : undefined;
}

function msProblem(ms: number | undefined, least: number, most: number): string | undefined {
  if (ms === undefined) return undefined;
  const fits = Number.isSafeInteger(ms) && ms >= least && ms <= most;
  return fits ? undefined : `must be a whole number from ${least} to ${most}`;
}

/** An upper bound on the bytes that a rule takes in a record. */
export function bytesOf(rule: EndpointRule): number {
  const words = [...rule.allScopes, ...rule.anyScopes, ...rule.credentialKinds];
  const texts = [rule.rule, rule.protocol, rule.method, rule.template, ...words];
  const optional = [rule.permission, rule.resourceTemplate, rule.minAcr];
  const given = optional.filter((one) => one !== undefined);
  return [...texts, ...given].reduce((sum, text) => sum + text.length + 4, 40);
}
