import type { EndpointCredential, EndpointProtocol } from './closed-sets.js';

export interface ScopeDefined {
  readonly type: 'ScopeDefined';
  readonly scope: string;
  readonly description: string;
  /** Exact permissions or patterns that a token with this scope may use of what its roles allow. */
  readonly permissions: readonly string[];
  readonly consentRequired: boolean;
}
export interface ScopeChanged {
  readonly type: 'ScopeChanged';
  readonly scope: string;
  readonly description: string;
  readonly permissions: readonly string[];
  readonly consentRequired: boolean;
}
export interface ScopeRetired {
  readonly type: 'ScopeRetired';
  readonly scope: string;
}

/** What a call of one endpoint needs. */
export interface EndpointRule {
  readonly rule: string;
  readonly protocol: EndpointProtocol;
  /** HTTP: the method (`GET`). gRPC: the full method (`/shop.v1.Orders/Get`). */
  readonly method: string;
  /** HTTP: the path template (`/orders/{id}`). gRPC: `''`. */
  readonly template: string;
  /** Scopes of the token: every one of them. */
  readonly allScopes: readonly string[];
  /** Scopes of the token: one of them, where there are any. */
  readonly anyScopes: readonly string[];
  readonly permission?: string | undefined;
  /** With `{name}` for variables of the path or fields of the request. */
  readonly resourceTemplate?: string | undefined;
  readonly minAcr?: string | undefined;
  readonly maxAuthAgeMs?: number | undefined;
  /** Empty: all of them. */
  readonly credentialKinds: readonly EndpointCredential[];
  /** Anybody may call it, also without a credential. */
  readonly public: boolean;
  readonly maxStalenessMs?: number | undefined;
}

export interface EndpointRuleSet {
  readonly type: 'EndpointRuleSet';
  readonly api: string;
  readonly rule: EndpointRule;
}
export interface EndpointRuleRemoved {
  readonly type: 'EndpointRuleRemoved';
  readonly api: string;
  readonly rule: string;
  readonly protocol: EndpointProtocol;
  readonly method: string;
  readonly template: string;
}
/** All rules of an API at once. */
export interface EndpointRulesReplaced {
  readonly type: 'EndpointRulesReplaced';
  readonly api: string;
  /** SHA-256 of the files that the rules were read from; `''`: of none. */
  readonly sourceDigest: string;
  readonly rules: readonly EndpointRule[];
}

export type EndpointEvent =
  | ScopeDefined
  | ScopeChanged
  | ScopeRetired
  | EndpointRuleSet
  | EndpointRuleRemoved
  | EndpointRulesReplaced;
