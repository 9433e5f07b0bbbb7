import type { Actor, OauthClient, Verified } from './oauth-ledger.js';
import type { KeyBinding } from './key-binding.js';
import type { OauthParts } from './oauth-parts.js';
import type { GrantRequest, TokenAnswer } from './token-parts.js';

/** What an access token is for. */
export interface AccessTokenOrder {
  readonly audience: string;
  readonly scopes: readonly string[];
  /** Of whom it speaks; `session` is `''` where nobody is present. */
  readonly verified: Verified;
  readonly family?: string | undefined;
  readonly binding: KeyBinding | undefined;
  /** The ledger could not be asked. */
  readonly outage: boolean;
  readonly act?: Actor | undefined;
  /** No longer than this, s; absent: as the client may have it. */
  readonly longestS?: number | undefined;
}

type Issued = Pick<TokenAnswer, 'access_token' | 'expires_in' | 'token_type'>;

/** Signs an access token (RFC 9068) for the client that asks, by the one form that there is. */
export async function newAccessToken(
  { ledger, clock, ids }: OauthParts,
  { acting: { client }, signer }: GrantRequest,
  order: AccessTokenOrder,
): Promise<Issued> {
  const { audience, scopes, verified, family, binding, outage, act } = order;
  const issuedAtS = Math.floor(clock.wallMs() / 1000);
  const expiresIn = Math.min(ledger.accessTtlS(client, audience), order.longestS ?? Infinity);
  const payload = ledger.accessPayload({
    tokenId: ids.opaque(),
    client,
    audience,
    scopes,
    issuedAtS,
    expiresAtS: issuedAtS + expiresIn,
    verified,
    family,
    cnf: binding,
    outage,
    act,
  });
  return {
    access_token: await signer.sign('at+jwt', payload),
    expires_in: expiresIn,
    token_type: binding !== undefined && 'jkt' in binding ? 'DPoP' : 'Bearer',
  };
}

/** Client credentials: the service account, verified now, by what the client has shown. */
export function clientItself(
  { ledger, clock }: OauthParts,
  client: OauthClient,
  credential: string | undefined,
): Verified {
  return {
    tenant: client.tenant,
    principal: client.principal,
    session: '',
    credential: credential ?? client.client,
    acr: '',
    amr: amrOf(client),
    authTimeMs: clock.wallMs(),
    authPosition: ledger.position(),
  };
}

/** RFC 8176 where it has a word for it. */
function amrOf({ settings }: OauthClient): readonly string[] {
  switch (settings.authMethod) {
    case 'client_secret_basic':
    case 'client_secret_post':
      return ['client_secret'];
    case 'private_key_jwt':
      return ['pop'];
    case 'tls_client_auth':
      return ['swk'];
    case 'none':
      return ['none'];
  }
}
