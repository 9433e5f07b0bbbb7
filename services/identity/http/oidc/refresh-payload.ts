import { proofThumbprint } from '#libs/tokens/proof-thumbprint.js';
import { engineContext, type EngineParts } from './engine-context.js';
import { grantIdText } from './grant-id.js';
import { resourceOf } from './audience.js';
import type { FamilyFacts } from './oidc-ledger.js';

/** What the engine has to remember of a family beside its facts. */
export interface FamilyArtifact {
  readonly nonce?: string | undefined;
  readonly claims?: unknown;
  /** How it began: `authorization_code`, … */
  readonly gty: string;
  readonly startedAtS: number;
}

/** A refresh token as the engine's model takes it. */
export function refreshPayload(
  parts: EngineParts,
  family: FamilyFacts,
  value: string,
): Record<string, unknown> {
  const { sealed, clock } = parts;
  // Whoever only asks about a token needs nothing of it.
  const text = engineContext().oidc.route === 'token' ? (family.artifact ?? '') : '';
  const content = text === '' ? undefined : sealed.open('family artifact', text, clock.wallMs());
  const { nonce, claims, gty, startedAtS } = (content ?? {}) as Partial<FamilyArtifact>;
  const { principal, client, session } = family;
  return {
    kind: 'RefreshToken',
    jti: value,
    accountId: principal,
    clientId: client,
    grantId: grantIdText({ principal, client }),
    sessionUid: session,
    sid: session,
    acr: family.acr,
    amr: [...family.amr],
    authTime: Math.floor(family.authTimeMs / 1000),
    scope: family.scopes.join(' '),
    resource: resourceOf(family.audience),
    rotations: family.generation,
    gty: gty ?? 'authorization_code',
    iat: startedAtS ?? Math.floor(clock.wallMs() / 1000),
    iiat: startedAtS ?? Math.floor(clock.wallMs() / 1000),
    exp: Math.floor(Math.min(family.expiresAtMs, family.idleUntilMs) / 1000),
    ...(nonce === undefined ? {} : { nonce }),
    ...(claims === undefined ? {} : { claims }),
    ...bindingOf(family.confirmation),
  };
}

/** `{jkt}` or `{x5t#S256}` of a confirmation as the family holds it: the JSON of the claim `cnf`. */
export function bindingOf(confirmation: string | undefined): Record<string, string> {
  if (confirmation === undefined) return {};
  return JSON.parse(confirmation) as Record<string, string>;
}

/**
 * The key that what is issued for this request must be bound to: the one of a proof (RFC 9449) that
 * the engine has verified, or of the certificate that it has asked for (RFC 8705).
 */
export async function confirmationOf(certificate: string | undefined): Promise<string | undefined> {
  const proof = engineContext().get('dpop');
  if (proof !== '') return JSON.stringify({ jkt: await proofThumbprint(proof) });
  return certificate === undefined ? undefined : JSON.stringify({ 'x5t#S256': certificate });
}
