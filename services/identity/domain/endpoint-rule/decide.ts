import { clash } from '#libs/access/endpoint/rule-table.js';
import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { EndpointRule } from '#libs/events/catalogue.js';
import { endpointRulesDigest } from '#libs/events/endpoint-digest.js';
import { accept, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import { exactNameProblem } from '#services/identity/domain/names/exact-name.js';
import { isDefined } from '#services/identity/domain/permission/state.js';
import { isDefinedScope } from '#services/identity/domain/scope/state.js';
import type { EndpointRuleCommand, ReplaceEndpointRules } from './commands.js';
import { bytesOf, placeProblems, ruleProblems } from './rule-problems.js';
import { apis, isSamePlace } from './state.js';

/** All rules of an API lie in one record, which holds 256 KiB with all that belongs to it. */
export const mostRuleBytes = 232 * 1024;
/** Different permissions and scopes that the rules of an API name: each is a key of the record. */
export const mostNamed = 200;
const mostProblemsShown = 20;

export function decideEndpointRule(
  command: EndpointRuleCommand,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const { api } = command;
  const refused = refuseFields(['api', exactNameProblem(api)]);
  if (refused !== undefined) return refused;
  const before = apis.read(view, tenant, api)?.rules ?? [];
  switch (command.type) {
    case 'SetEndpointRule': {
      const known = before.find((one) => isSamePlace(one, command.rule));
      const rule = { ...command.rule, rule: known?.rule ?? command.rule.rule };
      const rules = [...before.filter((one) => one !== known), rule];
      const problem =
        refuseFields(...ruleProblems(rule)) ??
        unknownNames(view, tenant, [rule], () => 'rule.') ??
        setProblem(rules);
      if (problem !== undefined) return problem;
      const same = known !== undefined && isSame([known], [rule]);
      return same ? accept() : accept({ type: 'EndpointRuleSet', api, rule });
    }
    case 'RemoveEndpointRule': {
      const problem = refuseFields(...placeProblems(command));
      if (problem !== undefined) return problem;
      const known = before.find((one) => isSamePlace(one, command));
      if (known === undefined) return reject('NOT_FOUND', 'this endpoint has no rule');
      const { rule, protocol, method, template } = known;
      return accept({ type: 'EndpointRuleRemoved', api, rule, protocol, method, template });
    }
    case 'ReplaceEndpointRules':
      return replace(command, before, view, tenant);
  }
}

function replace(
  { api, replaced, sourceDigest, rules: given }: ReplaceEndpointRules,
  before: readonly EndpointRule[],
  view: DocumentReader,
  tenant: string,
): Decision {
  if (endpointRulesDigest(before) !== replaced) {
    return reject('WRONG_STATE', 'the rules have changed since you looked at them', { api });
  }
  const problems = given.flatMap((rule, at) => ruleProblems(rule, `rules[${at}].`));
  const wrong = problems.filter(([, problem]) => problem !== undefined);
  const rules = given.map((rule) => {
    const known = before.find((one) => isSamePlace(one, rule));
    return known === undefined ? rule : { ...rule, rule: known.rule };
  });
  const problem =
    refuseFields(...wrong.slice(0, mostProblemsShown)) ??
    setProblem(rules) ??
    unknownNames(view, tenant, rules, (at) => `rules[${at}].`);
  if (problem !== undefined) return problem;
  const same = isSame(before, rules);
  return same ? accept() : accept({ type: 'EndpointRulesReplaced', api, sourceDigest, rules });
}

/** Problems of the rules of an API together. */
function setProblem(rules: readonly EndpointRule[]): Rejection | undefined {
  const bytes = rules.reduce((sum, rule) => sum + bytesOf(rule), 0);
  if (bytes > mostRuleBytes) {
    const advice = 'split the API in several';
    const text = `the rules of an API take at most ${mostRuleBytes} bytes, these ${bytes}`;
    return reject('LIMIT_REACHED', `${text}: ${advice}`);
  }
  const named = namesOf(rules);
  if (named.permissions.size + named.scopes.size > mostNamed) {
    const text = `the rules of an API name at most ${mostNamed} permissions and scopes`;
    return reject('LIMIT_REACHED', `${text}: split the API in several`);
  }
  const both = clash(rules);
  if (both === undefined) return undefined;
  const [one, other] = both.map(({ method, template }) => `${method} ${template}`.trim());
  return refuseFields(['rules', `"${one}" and "${other}" may be meant by the same call`]);
}

function namesOf(rules: readonly EndpointRule[]) {
  const permissions = new Set<string>();
  const scopes = new Set<string>();
  for (const { permission, allScopes, anyScopes } of rules) {
    if (permission !== undefined) permissions.add(permission);
    for (const scope of [...allScopes, ...anyScopes]) scopes.add(scope);
  }
  return { permissions, scopes };
}

/** Every permission and scope that a rule names is defined. */
function unknownNames(
  view: DocumentReader,
  tenant: string,
  rules: readonly EndpointRule[],
  path: (at: number) => string,
): Rejection | undefined {
  const named = namesOf(rules);
  const undefinedOnes = (names: Set<string>, known: (name: string) => boolean): Set<string> =>
    new Set([...names].filter((name) => !known(name)));
  const permissions = undefinedOnes(named.permissions, (one) => isDefined(view, tenant, one));
  const scopes = undefinedOnes(named.scopes, (one) => isDefinedScope(view, tenant, one));
  if (permissions.size + scopes.size === 0) return undefined;
  const problems = rules.flatMap(({ permission, allScopes, anyScopes }, at) => [
    ...(permission !== undefined && permissions.has(permission)
      ? [[`${path(at)}permission`, `"${permission}" is not a defined permission`] as const]
      : []),
    ...wordProblems(`${path(at)}all_scopes`, allScopes, scopes),
    ...wordProblems(`${path(at)}any_scopes`, anyScopes, scopes),
  ]);
  return refuseFields(...problems.slice(0, mostProblemsShown));
}

function wordProblems(field: string, words: readonly string[], unknown: ReadonlySet<string>) {
  return words.flatMap((word, at) =>
    unknown.has(word) ? [[`${field}[${at}]`, `"${word}" is not a defined scope`] as const] : [],
  );
}

function isSame(a: readonly EndpointRule[], b: readonly EndpointRule[]): boolean {
  return endpointRulesDigest(a) === endpointRulesDigest(b);
}
