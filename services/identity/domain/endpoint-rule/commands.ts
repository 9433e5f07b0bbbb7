import type { EndpointProtocol, EndpointRule } from '#libs/events/catalogue.js';

export interface SetEndpointRule {
  readonly type: 'SetEndpointRule';
  readonly api: string;
  /** Its id counts when the endpoint has no rule yet. */
  readonly rule: EndpointRule;
}
export interface RemoveEndpointRule {
  readonly type: 'RemoveEndpointRule';
  readonly api: string;
  readonly protocol: EndpointProtocol;
  readonly method: string;
  readonly template: string;
}
/** All rules of an API at once, as long as it has those that the caller saw. */
export interface ReplaceEndpointRules {
  readonly type: 'ReplaceEndpointRules';
  readonly api: string;
  /** Digest of the rules that are replaced; `''`: there are none. */
  readonly replaced: string;
  /** SHA-256 (base64url) of the file that the rules were read from; `''`: of none. */
  readonly sourceDigest: string;
  readonly rules: readonly EndpointRule[];
}

export type EndpointRuleCommand = SetEndpointRule | RemoveEndpointRule | ReplaceEndpointRules;
