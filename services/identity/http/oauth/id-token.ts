import type { FamilyFacts, PersonClaims } from './oauth-ledger.js';
import type { OauthParts } from './oauth-parts.js';
import type { GrantRequest } from './token-parts.js';

const idTokenTtlS = 600;

/** What scopes open of a person (OpenID Connect Core, section 5.4), of what there is. */
const claimsOf = {
  profile: ['name', 'preferred_username', 'locale'],
  email: ['email', 'email_verified'],
} as const satisfies Readonly<Record<string, readonly (keyof PersonClaims)[]>>;

/**
 * Says who has logged in (OpenID Connect Core, section 2). `nonce` only in the first one (12.2). What
 * the parameter `claims` may ask for beside is in each: the rest of it is not given without a scope.
 */
export async function newIdToken(
  { ledger, clock, issuer }: OauthParts,
  { acting: { client }, signer }: GrantRequest,
  family: FamilyFacts,
  scopes: readonly string[],
  nonce: string | undefined,
): Promise<string> {
  const { principal, tenant, session, acr, amr, authTimeMs } = family;
  const issuedAtS = Math.floor(clock.wallMs() / 1000);
  const wanted = wantedClaims(scopes);
  const person = wanted.length === 0 ? {} : await ledger.claims(tenant, principal);
  return signer.sign('', {
    iss: issuer.origin,
    sub: principal,
    aud: client.client,
    exp: issuedAtS + idTokenTtlS,
    iat: issuedAtS,
    auth_time: Math.floor(authTimeMs / 1000),
    ...(nonce === undefined ? {} : { nonce }),
    ...(acr === '' ? {} : { acr }),
    amr,
    sid: session,
    ...Object.fromEntries(wanted.map((name) => [name, person[name]])),
  });
}

/** What scopes open; claims that are asked for one by one (`claims`) are given where a scope does. */
export function wantedClaims(scopes: readonly string[]): readonly (keyof PersonClaims)[] {
  return Object.entries(claimsOf).flatMap(([scope, names]) =>
    scopes.includes(scope) ? [...names] : [],
  );
}
