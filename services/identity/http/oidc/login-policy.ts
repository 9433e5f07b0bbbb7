import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { clientOf, sessionOf, type EngineParts } from './engine-context.js';

const { Check, base } = interactionPolicy;

/** From weak to strong. */
const strengths: readonly string[] = ['urn:ledgate:acr:1', 'urn:ledgate:acr:2'];

/**
 * When somebody must log in, step up, or consent. The engine's own rules, but: the strength that a
 * client asks for by `acr_values` is a demand (RFC 9470, section 4), and an application on a device
 * is not a reason to ask each time.
 */
export function loginPolicy(parts: EngineParts): interactionPolicy.DefaultPolicy {
  const policy = base();
  policy.get('consent')?.checks.remove('native_client_prompt');
  const checks = policy.get('login')?.checks;
  checks?.add(
    new Check(
      'acr_values',
      'the authentication is not strong enough',
      'unmet_authentication_requirements',
      (ctx) => isTooWeak(ctx),
    ),
  );
  checks?.add(
    new Check('consent_again', 'the consent is newer than the login', 'login_required', (ctx) =>
      isBeforeConsent(parts, ctx),
    ),
  );
  return policy;
}

/** The weakest that does; undefined where the client asks for nothing that we know. */
export function demandedAcr(acrValues: unknown): string | undefined {
  if (typeof acrValues !== 'string') return undefined;
  const asked = acrValues.split(' ').map((one) => strengths.indexOf(one));
  const known = asked.filter((rank) => rank >= 0);
  return known.length === 0 ? undefined : strengths[Math.min(...known)];
}

function isBeforeConsent(parts: EngineParts, { oidc }: KoaContextWithOIDC): boolean {
  const session = sessionOf(parts);
  if (session === undefined || oidc.session?.accountId === undefined) return false;
  return parts.ledger.needsNewLogin(session, clientOf(parts, oidc.client));
}

function isTooWeak(ctx: KoaContextWithOIDC): boolean {
  const { params, session } = ctx.oidc;
  const demanded = demandedAcr(params?.['acr_values']);
  if (demanded === undefined) return false;
  return strengths.indexOf(session?.acr ?? '') < strengths.indexOf(demanded);
}
