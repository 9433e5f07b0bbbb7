import type {
  EndpointCredential,
  EndpointProtocol as Protocol,
  EndpointRule as Rule,
} from '#libs/events/catalogue.js';
import {
  EndpointCredentialKind as Kind,
  EndpointProtocol,
  type EndpointRule,
} from '#proto/ledgate/identity/v1/endpoint_rule.js';
import {
  placeProblems,
  ruleProblems,
} from '#services/identity/domain/endpoint-rule/rule-problems.js';
import type { Fields } from '#services/identity/grpc/fields.js';

const protocols = new Map<number, Protocol>([
  [EndpointProtocol.ENDPOINT_PROTOCOL_GRPC, 'GRPC'],
  [EndpointProtocol.ENDPOINT_PROTOCOL_HTTP, 'HTTP'],
]);

const kinds = new Map<number, EndpointCredential>([
  [Kind.ENDPOINT_CREDENTIAL_KIND_SESSION, 'SESSION'],
  [Kind.ENDPOINT_CREDENTIAL_KIND_ACCESS_TOKEN, 'ACCESS_TOKEN'],
  [Kind.ENDPOINT_CREDENTIAL_KIND_API_KEY, 'API_KEY'],
  [Kind.ENDPOINT_CREDENTIAL_KIND_PASSWORD, 'PASSWORD'],
  [Kind.ENDPOINT_CREDENTIAL_KIND_CERTIFICATE, 'CERTIFICATE'],
]);

function numberOf<T>(numbers: ReadonlyMap<number, T>, meaning: T): number {
  return [...numbers].find(([, one]) => one === meaning)?.[0] ?? 0;
}

/** Reads a rule; what is wrong with it joins the problems of the request. */
export function readRule(fields: Fields, given: EndpointRule, at: string, id: string): Rule {
  const protocol = fields.choice(`${at}protocol`, given.protocol, protocols, 'HTTP');
  const credentialKinds = given.credentialKinds.map((kind, i) =>
    fields.choice(`${at}credential_kinds[${i}]`, kind, kinds, 'SESSION'),
  );
  const rule: Rule = {
    rule: id,
    protocol,
    method: given.method,
    template: given.pathTemplate,
    allScopes: given.allScopes,
    anyScopes: given.anyScopes,
    permission: textOf(given.permission),
    resourceTemplate: textOf(given.resourceTemplate),
    minAcr: textOf(given.minAcr),
    maxAuthAgeMs: msOf(given.maxAuthAgeMs),
    credentialKinds,
    public: given.public,
    maxStalenessMs: msOf(given.maxStalenessMs),
  };
  for (const [field, problem] of ruleProblems(rule, at)) fields.add(field, problem);
  return rule;
}

/** Reads what names an endpoint. */
export function readPlace(
  fields: Fields,
  given: Pick<EndpointRule, 'protocol' | 'method' | 'pathTemplate'>,
): Pick<Rule, 'protocol' | 'method' | 'template'> {
  const protocol = fields.choice('protocol', given.protocol, protocols, 'HTTP');
  const place = { protocol, method: given.method, template: given.pathTemplate };
  for (const [field, problem] of placeProblems(place)) fields.add(field, problem);
  return place;
}

export function ruleMessage(rule: Rule): EndpointRule {
  return {
    ruleId: rule.rule,
    protocol: numberOf(protocols, rule.protocol) as EndpointProtocol,
    method: rule.method,
    pathTemplate: rule.template,
    allScopes: [...rule.allScopes],
    anyScopes: [...rule.anyScopes],
    permission: rule.permission ?? '',
    resourceTemplate: rule.resourceTemplate ?? '',
    minAcr: rule.minAcr ?? '',
    maxAuthAgeMs: BigInt(rule.maxAuthAgeMs ?? 0),
    credentialKinds: rule.credentialKinds.map((kind) => numberOf(kinds, kind) as Kind),
    public: rule.public,
    maxStalenessMs: BigInt(rule.maxStalenessMs ?? 0),
  };
}

function textOf(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function msOf(ms: bigint): number | undefined {
  return ms === 0n ? undefined : Number(ms);
}
