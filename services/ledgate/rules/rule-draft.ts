import { Failure } from '#libs/errors/failure.js';
import {
  EndpointCredentialKind as Kind,
  EndpointProtocol,
  type EndpointRule,
} from '#proto/ledgate/identity/v1/endpoint_rule.js';

/** A rule that asks for nothing yet. */
export function draft(
  place: Pick<EndpointRule, 'protocol' | 'method' | 'pathTemplate'>,
): EndpointRule {
  return {
    ruleId: '',
    ...place,
    allScopes: [],
    anyScopes: [],
    permission: '',
    resourceTemplate: '',
    minAcr: '',
    maxAuthAgeMs: 0n,
    credentialKinds: [],
    public: false,
    maxStalenessMs: 0n,
  };
}

export function grpcPlace(method: string) {
  return { protocol: EndpointProtocol.ENDPOINT_PROTOCOL_GRPC, method, pathTemplate: '' } as const;
}

export function httpPlace(method: string, pathTemplate: string) {
  return { protocol: EndpointProtocol.ENDPOINT_PROTOCOL_HTTP, method, pathTemplate } as const;
}

/** `GET /orders/{id}`, or `/shop.v1.Orders/GetOrder`. */
export function placeText({
  method,
  pathTemplate,
}: Pick<EndpointRule, 'method' | 'pathTemplate'>): string {
  return pathTemplate === '' ? method : `${method} ${pathTemplate}`;
}

/** The endpoint that these words name. */
export function placeOf(method: string, path: string | undefined) {
  if (path !== undefined) return httpPlace(method, path);
  if (method.startsWith('/')) return grpcPlace(method);
  throw new Failure('INVALID_ARGUMENT', 'name a gRPC method, or an HTTP method and a path');
}

const kinds: readonly (readonly [string, Kind])[] = [
  ['SESSION', Kind.ENDPOINT_CREDENTIAL_KIND_SESSION],
  ['ACCESS_TOKEN', Kind.ENDPOINT_CREDENTIAL_KIND_ACCESS_TOKEN],
  ['API_KEY', Kind.ENDPOINT_CREDENTIAL_KIND_API_KEY],
  ['PASSWORD', Kind.ENDPOINT_CREDENTIAL_KIND_PASSWORD],
  ['CERTIFICATE', Kind.ENDPOINT_CREDENTIAL_KIND_CERTIFICATE],
];

/** `API_KEY`, or `api-key`. */
export function kindOf(word: string): Kind {
  const name = word.toUpperCase().replaceAll('-', '_');
  const found = kinds.find(([one]) => one === name);
  if (found !== undefined) return found[1];
  const known = kinds.map(([one]) => one).join(', ');
  throw new Failure('INVALID_ARGUMENT', `"${word}" is no kind of credential: ${known}`);
}

export function kindWord(kind: Kind): string {
  return kinds.find(([, one]) => one === kind)?.[0] ?? String(kind);
}

/** What a rule asks for, field by field, as people read it. */
export function asked(rule: EndpointRule): Readonly<Record<string, string>> {
  const fields = {
    public: rule.public ? 'yes' : '',
    permission: rule.permission,
    resource: rule.resourceTemplate,
    scopes: [...rule.allScopes].sort().join(' '),
    'any scope of': [...rule.anyScopes].sort().join(' '),
    acr: rule.minAcr,
    'max age': seconds(rule.maxAuthAgeMs),
    credentials: rule.credentialKinds.map(kindWord).sort().join(' '),
    'max staleness': seconds(rule.maxStalenessMs),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ''));
}

/** `permission orders:read, resource orders/{id}`. */
export function askedText(rule: EndpointRule): string {
  const words = Object.entries(asked(rule)).map(([name, text]) =>
    name === 'public' ? name : `${name} ${text}`,
  );
  return words.length === 0 ? 'anybody who is known' : words.join(', ');
}

function seconds(ms: bigint): string {
  return ms === 0n ? '' : `${Number(ms) / 1000}s`;
}
