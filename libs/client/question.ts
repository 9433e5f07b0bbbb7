/** Whose request it is, as the request itself says. */
export type Credential =
  /** Access token (RFC 9068) without the `Bearer ` prefix. */
  | { readonly bearerToken: string }
  /** API key, `lgk_…`. */
  | { readonly apiKey: string }
  /** User name and password (RFC 7617). */
  | { readonly basic: BasicCredential };

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
