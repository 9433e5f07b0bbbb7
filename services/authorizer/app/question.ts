import type { AskedEndpoint } from './endpoint-ruling.js';

/** Whom a question is about, as the request says it. Nothing here has been believed yet. */
export type Credential =
  | { readonly kind: 'TOKEN'; readonly text: string; readonly proof?: Possession | undefined }
  | { readonly kind: 'API_KEY'; readonly text: string }
  | { readonly kind: 'SESSION'; readonly text: string }
  | {
      readonly kind: 'BASIC';
      readonly tenant: string;
      readonly username: string;
      readonly password: string;
    };

/** What was presented beside a token, for one that is bound to a key. */
export interface Possession {
  /** SHA-256 (base64url) of the certificate of the TLS connection (RFC 8705); `''`: none. */
  readonly certificateSha256: string;
  /** Thumbprint of the key of a DPoP proof that the asker has verified itself; `''`: none. */
  readonly verifiedJkt: string;
  /** The proof as it came (RFC 9449), and the request that it came with; undefined: none. */
  readonly dpop?: PresentedProof | undefined;
}

export interface PresentedProof {
  readonly proof: string;
  /** Compared with `htm`. */
  readonly httpMethod: string;
  /** Compared with `htu`, both without query and fragment. */
  readonly httpUri: string;
}

export interface Subject {
  readonly kind: 'SUBJECT';
  readonly tenant: string;
  readonly principal: string;
}

/** No credential was presented, and no subject named: for calls of endpoints only. */
export interface Nobody {
  readonly kind: 'NOBODY';
}

export type Who = Credential | Subject | Nobody;

/** How fresh an answer must be; `undefined`: whatever is known now. */
export type Consistency =
  | { readonly kind: 'AT_LEAST_AS_FRESH'; readonly token: string }
  | { readonly kind: 'FULLY_CONSISTENT' }
  | undefined;

/** May `who` do `action` on `resource`? */
export interface Question {
  readonly who: Who;
  readonly action: string;
  readonly resource: string;
  /** In place of both. */
  readonly endpoint?: AskedEndpoint | undefined;
}
