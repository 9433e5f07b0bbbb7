/** Where an answer was given. */
export interface Answered {
  /** Position of the state ledger that the answer includes; -1: nothing yet. */
  readonly position: number;
  /** The same of the session ledger; -1: nothing yet, or there is none. */
  readonly sessionPosition: number;
  /** Age of the proof that nothing newer was missed, in milliseconds. */
  readonly stalenessMs: number;
  /** The soft limit was passed: the answer stands but may be old. */
  readonly stale: boolean;
}

/** The answer to one question. `decision === 'ALLOW'` is the only test for allow. */
export interface Answer {
  readonly decision: 'ALLOW' | 'DENY';
  /** `ALLOWED`, or why not. */
  readonly reason: string;
  readonly tenantId: string;
  /** Empty when the credential belongs to nobody. */
  readonly principalId: string;
  /** Unix time in milliseconds at which it can first change by expiry alone; undefined: never. */
  readonly validUntilMs: number | undefined;
  readonly answered: Answered;
  /** Names this decision in logs and audit. */
  readonly decisionId: string;
  /** What must be done before the request may be served. An unknown one means: do not serve. */
  readonly obligations: readonly Obligation[];
  /** Of a question about an endpoint only. */
  readonly endpoint?: EndpointAnswer | undefined;
}

/** What a gateway needs beside the decision. Empty texts do not apply. */
export interface EndpointAnswer {
  /** The rule that was applied; empty: the endpoint has none. */
  readonly ruleId: string;
  /** What it asked for, with its template filled. */
  readonly permission: string;
  readonly resource: string;
  /** Scopes of the credential, as words; none: it is not limited by scopes. */
  readonly scopes: readonly string[];
  /** HTTP status for a refused call; 200: let it pass. */
  readonly httpStatus: number;
  /** Value of `WWW-Authenticate` to send with it (RFC 6750, RFC 9470). */
  readonly wwwAuthenticate: string;
}

export interface Obligation {
  /** E.g. `step_up`. */
  readonly kind: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Who a credential belongs to. A wrong credential is an answer, not an error. */
export type Authentication =
  | { readonly authenticated: true; readonly identity: Identity; readonly answered: Answered }
  | { readonly authenticated: false; readonly reason: string; readonly answered: Answered };

export interface Identity {
  readonly tenantId: string;
  readonly principalId: string;
  /** `USER` or `SERVICE`. */
  readonly principalKind: string;
  /** `PASSWORD`, `API_KEY`, `TOKEN` or `SESSION`. */
  readonly credentialKind: string;
  /** Empty for a token. */
  readonly credentialId: string;
  /** Names of the roles granted to the principal or its groups. */
  readonly roles: readonly string[];
  /** Permission patterns that limit the credential; empty: no limit. */
  readonly scopes: readonly string[];
  /**
   * How strongly it was authenticated (`urn:ledgate:acr:1`: one factor, `urn:ledgate:acr:2`: two), by
   * which methods (RFC 8176), and when (Unix time in milliseconds); when known.
   */
  readonly acr: string;
  readonly amr: readonly string[];
  readonly authTimeMs: number | undefined;
  /** Session behind the credential, and OAuth client that it was issued to; empty: none. */
  readonly sessionId: string;
  readonly clientId: string;
  /** Unix time in milliseconds; undefined: does not expire. */
  readonly expiresAtMs: number | undefined;
}

export interface PermissionsPage {
  readonly permissions: readonly HeldPermission[];
  /** Undefined on the last page. */
  readonly nextPageToken: string | undefined;
  readonly answered: Answered;
}

export interface HeldPermission {
  readonly permission: string;
  /** Prefixes on which it holds; the empty prefix covers everything. */
  readonly resourcePrefixes: readonly string[];
}

/** An answer and the events that it rests on. */
export interface Explanation {
  readonly answer: Answer;
  /** Grants that allow it, at most 100, or that nearly do (`missing` says what lacks). */
  readonly paths: readonly GrantPath[];
  /** One sentence for people. */
  readonly summary: string;
  /** Events behind a denial that is not about grants. */
  readonly events: readonly EventRef[];
}

export interface GrantPath {
  readonly grantId: string;
  readonly roleId: string;
  readonly roleName: string;
  /** Role ids from the granted role to the one that holds the permission. */
  readonly roleChain: readonly string[];
  readonly permissionPattern: string;
  readonly resourcePrefix: string;
  /** Set when the grant came through a group. */
  readonly groupId: string;
  /** Unix time in milliseconds; undefined: does not expire. */
  readonly expiresAtMs: number | undefined;
  /** Empty on a path that allows. */
  readonly missing: string;
  readonly events: readonly EventRef[];
}

export interface EventRef {
  readonly position: number;
  readonly type: string;
  readonly actorTenantId: string;
  readonly actorPrincipalId: string;
  /** Unix time in milliseconds. */
  readonly atMs: number;
  /** Why, in the words of whoever did it. */
  readonly reason: string;
}
