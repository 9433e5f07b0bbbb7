/** A provider, and our client there. */
export interface UpstreamClient {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: a client without a secret; PKCE is used in any case. */
  readonly clientSecret?: string | undefined;
  readonly scopes: readonly string[];
}

/** What an authorization request is bound to. */
export interface UpstreamRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636), 43 characters of base64url. */
  readonly verifier: string;
  /** Whoever is logged in there has to prove it again. */
  readonly again: boolean;
  /** Values of `acr` that we would like, best first. */
  readonly acrValues: readonly string[];
}

/** What came back to the redirect URI. */
export interface UpstreamAnswer {
  readonly code: string;
  /** RFC 9207; absent: the provider names itself only where it says that it does. */
  readonly issuer?: string | undefined;
}

/** Somebody whom a provider has just vouched for. */
export interface UpstreamIdentity {
  readonly subject: string;
  /** Only what the provider says it has verified. */
  readonly verifiedEmail?: string | undefined;
  readonly name: string;
  /** BCP 47; `''`: not known. */
  readonly locale: string;
  /** When the person was asked there, ms since the Unix epoch; absent: it does not say. */
  readonly authTimeMs?: number | undefined;
  /** `''`: it does not say. */
  readonly acr: string;
  readonly amr: readonly string[];
}

/**
 * The client's side of OpenID Connect at providers of tenants. Rejects NOT_READY when a provider cannot
 * be reached or answers nonsense, CREDENTIALS_REJECTED when what came back proves nothing.
 */
export interface UpstreamOpenId {
  /** Where the browser is sent. */
  authorizationUrl(client: UpstreamClient, request: UpstreamRequest): Promise<string>;
  /** Redeems a code and checks the ID token. */
  redeem(
    client: UpstreamClient,
    request: UpstreamRequest,
    answer: UpstreamAnswer,
  ): Promise<UpstreamIdentity>;
}
