import type { OauthClient } from './oauth-ledger.js';
import { invalidGrant } from './grant-problem.js';
import type { GrantRequest } from './token-parts.js';

/** The claim `cnf`: a key by its thumbprint (RFC 9449), or a certificate (RFC 8705). */
export type KeyBinding = { readonly jkt: string } | { readonly 'x5t#S256': string };

/**
 * What tokens of this request are bound to; undefined: to nothing.
 *
 * @throws OauthError invalid_grant: those of the client must be bound, and it shows no key.
 */
export function keyBinding({ acting, jkt }: GrantRequest): KeyBinding | undefined {
  const { client, certificate } = acting;
  if (jkt === undefined && client.settings.dpopRequired) throw invalidGrant('no DPoP proof');
  if (certificate === undefined && isCertificateBound(client)) {
    throw invalidGrant('no client certificate');
  }
  if (jkt !== undefined) return { jkt };
  return certificate === undefined ? undefined : { 'x5t#S256': certificate };
}

/** A family's binding, as text: that of the request that began it. */
export function confirmationText(binding: KeyBinding | undefined): string | undefined {
  return binding && JSON.stringify(binding);
}

/**
 * What a family is bound to must be shown again (RFC 9449, section 5; RFC 8705, section 4).
 *
 * @throws OauthError invalid_grant
 */
export function requireSameKey(
  confirmation: string | undefined,
  { acting, jkt }: GrantRequest,
): void {
  if (confirmation === undefined) return;
  const bound = JSON.parse(confirmation) as Partial<Record<'jkt' | 'x5t#S256', string>>;
  if (bound.jkt !== undefined && bound.jkt !== jkt) throw invalidGrant('another key than before');
  const x5t = bound['x5t#S256'];
  if (x5t !== undefined && x5t !== acting.certificate) {
    throw invalidGrant('another certificate than before');
  }
}

function isCertificateBound({ settings }: OauthClient): boolean {
  return settings.authMethod === 'tls_client_auth' && !settings.dpopRequired;
}
