import type { AccessToken, ClientCredentials, KoaContextWithOIDC } from 'oidc-provider';
import { clientOf, type EngineParts } from './engine-context.js';
import { words } from './scope-words.js';
import type { Actor, FamilyFacts, OauthClient, Verified } from './oidc-ledger.js';

/** Whose token is exchanged (RFC 8693), noted for the one that comes of it. */
export interface ExchangedSubject {
  readonly verified: Verified;
  readonly family?: string | undefined;
  /** The subject token was issued while the ledger could not be asked: so is what comes of it. */
  readonly outage: boolean;
  readonly act: Actor;
}

/** What the engine hands over to be signed. */
interface Structured {
  payload: Record<string, unknown>;
}

/** Writes our claims in the place of the engine's: one form of access token, whoever issues it. */
export function writeAccessToken(
  parts: EngineParts,
  ctx: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
  structured: Structured,
): void {
  const client = clientOf(parts, ctx.oidc.client);
  const { payload } = structured;
  const family = parts.jar.noted.get('family') as FamilyFacts | undefined;
  const exchanged = parts.jar.noted.get('exchanged') as ExchangedSubject | undefined;
  const verified = exchanged?.verified ?? family ?? clientItself(parts, client);
  structured.payload = parts.ledger.accessPayload({
    tokenId: String(payload['jti']),
    client,
    audience: String(payload['aud']),
    scopes: words(token.scope),
    issuedAtS: Number(payload['iat']),
    expiresAtS: Number(payload['exp']),
    verified,
    family: exchanged === undefined ? family?.family : exchanged.family,
    cnf: payload['cnf'] as Readonly<Record<string, string>> | undefined,
    outage: exchanged?.outage ?? family?.outage ?? false,
    act: exchanged?.act,
  });
}

/** Client credentials: the service account, verified now, by what the client has shown. */
function clientItself(parts: EngineParts, client: OauthClient): Verified {
  const { ledger, clock, jar } = parts;
  const shown = jar.noted.get('client credential') as string | undefined;
  return {
    tenant: client.tenant,
    principal: client.principal,
    session: '',
    credential: shown ?? client.client,
    acr: '',
    amr: [amrOf(client)],
    authTimeMs: clock.wallMs(),
    authPosition: ledger.position(),
  };
}

/** RFC 8176 where it has a word for it. */
function amrOf({ settings }: OauthClient): string {
  switch (settings.authMethod) {
    case 'client_secret_basic':
    case 'client_secret_post':
      return 'client_secret';
    case 'private_key_jwt':
      return 'pop';
    case 'tls_client_auth':
      return 'swk';
    case 'none':
      return 'none';
  }
}
