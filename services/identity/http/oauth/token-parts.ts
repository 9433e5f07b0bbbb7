import type { TokenSigner } from '#libs/tokens/token-signer.js';
import type { ActingClient } from './acting-client.js';
import type { FormRequest } from './form-request.js';
import type { OauthParts } from './oauth-parts.js';

/** What a grant is asked with: everything about the client and its proofs is verified by then. */
export interface GrantRequest {
  readonly form: FormRequest;
  readonly acting: ActingClient;
  /** Thumbprint of the key of a DPoP proof; undefined: none was shown. */
  readonly jkt: string | undefined;
  readonly signer: TokenSigner;
}

/** RFC 6749, section 5.1; OpenID Connect Core, section 3.1.3.3; RFC 8693, section 2.2.1. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly expires_in: number;
  readonly id_token?: string | undefined;
  readonly issued_token_type?: string | undefined;
  readonly refresh_token?: string | undefined;
  readonly scope?: string | undefined;
  readonly token_type: 'Bearer' | 'DPoP';
}

/** Rejects OauthError, or Failure. */
export type Grant = (parts: OauthParts, asked: GrantRequest) => Promise<TokenAnswer>;
