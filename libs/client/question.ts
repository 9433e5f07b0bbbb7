/** Whose request it is, as the request itself says. */
export type Credential =
  /**
   * Access token (RFC 9068) without the `Bearer ` prefix; with what was presented beside it, for one
   * that is bound to a key.
   */
  | { readonly bearerToken: string; readonly possession?: Possession | undefined }
  /** Token of a session, `lgs_…`. */
  | { readonly sessionToken: string }
  /** API key, `lgk_…`. */
  | { readonly apiKey: string }
  /** User name and password (RFC 7617). */
  | { readonly basic: BasicCredential };

/** Shows that whoever presents a token has the key that it is bound to. */
export type Possession =
  /** SHA-256 (base64url) of the client certificate of the connection (RFC 8705). */
  | { readonly certificateSha256: string }
  /** The header `DPoP` as it came, and the request that it came with (RFC 9449). Taken once. */
  | { readonly dpop: PresentedProof }
  /** Thumbprint of the key of a DPoP proof that this service has verified itself. */
  | { readonly verifiedJkt: string };

export interface PresentedProof {
  readonly proof: string;
  readonly httpMethod: string;
  /** Scheme, authority and path, as the client called it. */
  readonly httpUri: string;
}

export interface BasicCredential {
  /** Tenant id or slug. */
  readonly tenant: string;
  readonly username: string;
  readonly password: string;
}

/** A principal by its id. Asking about one takes the permission `ledgate.authorizer:ask-any`. */
export interface Subject {
  readonly tenantId: string;
  readonly principalId: string;
}

/** Whom a question is about: a credential, or a principal named by its id. */
export type Who =
  | { readonly credential: Credential; readonly subject?: never }
  | { readonly subject: Subject; readonly credential?: never };

/** May `who` exercise the permission `action` on `resource`? */
export type Question = Who & {
  /** Permission to exercise, e.g. `orders:read`. */
  readonly action: string;
  /** Resource path, e.g. `projects/acme/orders/17`. */
  readonly resource: string;
};

/** A call of an endpoint, judged by the rule that its API has for it (`ledgate rules`). */
export interface EndpointCall {
  /** Name of the API. */
  readonly api: string;
  readonly call: GrpcCall | HttpCall;
  /** Values for the resource template of the rule, beside the parameters of the path; at most 64. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Tenant whose API it is; left out: this service's own. */
  readonly tenantId?: string | undefined;
}

export interface GrpcCall {
  /** Full method: `/shop.v1.Orders/GetOrder`. */
  readonly grpcMethod: string;
}

export interface HttpCall {
  readonly httpMethod: string;
  /** As it was sent, without the query: nothing decoded or normalised. */
  readonly path: string;
}

/** A call for which no credential was presented: public endpoints are allowed, others denied. */
interface Nobody {
  readonly credential?: never;
  readonly subject?: never;
}

/** May `who`, or whoever presents nothing, make this call? */
export type EndpointQuestion = (Who | Nobody) & { readonly endpoint: EndpointCall };

export type AnyQuestion = Question | EndpointQuestion;

/** How fresh an answer must be. Left out: what the authorizer knows now. */
export type Consistency =
  /** The answer includes the write that returned this token. */
  | { readonly atLeastAsFresh: string }
  /** The answer includes all that was written before the call. Costs one append to the ledger. */
  | { readonly fullyConsistent: true };

/** Waits until the answer includes the write that returned `token`. */
export function atLeastAsFresh(token: string): Consistency {
  return { atLeastAsFresh: token };
}

/** Waits until the answer includes all that was written before the call. */
export const fullyConsistent: Consistency = { fullyConsistent: true };

export interface CallOptions {
  readonly consistency?: Consistency | undefined;
  /** Time for this call with all its retries, in milliseconds; instead of the client's own. */
  readonly deadlineMs?: number | undefined;
}

export type PermissionsQuestion = Who & {
  /** Only permissions that hold on this resource; left out: on any. */
  readonly resource?: string | undefined;
  /** 1 to 500; left out: 100. */
  readonly pageSize?: number | undefined;
  /** `nextPageToken` of the page before. */
  readonly pageToken?: string | undefined;
};
