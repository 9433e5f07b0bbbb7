import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

const { Check, base } = interactionPolicy;

/** From weak to strong. */
const strengths: readonly string[] = ['urn:ledgate:acr:1', 'urn:ledgate:acr:2'];

/**
 * When somebody must log in, step up, or consent. The engine's own rules, but: the strength that a
 * client asks for by `acr_values` is a demand (RFC 9470, section 4), and an application on a device
 * is not a reason to ask each time.
 */
export function loginPolicy(): interactionPolicy.DefaultPolicy {
  const policy = base();
  policy.get('consent')?.checks.remove('native_client_prompt');
  policy
    .get('login')
    ?.checks.add(
      new Check(
        'acr_values',
        'the authentication is not strong enough',
        'unmet_authentication_requirements',
        (ctx) => isTooWeak(ctx),
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

function isTooWeak(ctx: KoaContextWithOIDC): boolean {
  const { params, session } = ctx.oidc;
  const demanded = demandedAcr(params?.['acr_values']);
  if (demanded === undefined) return false;
  return strengths.indexOf(session?.acr ?? '') < strengths.indexOf(demanded);
}
