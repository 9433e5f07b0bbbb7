import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { profiles } from '#services/identity/domain/principal/state.js';

/** BCP 47, as the profile of the account says; `undefined`: it does not. */
export async function languageOf(
  parts: IdentityParts,
  { tenant, principal }: { readonly tenant: string; readonly principal: string },
): Promise<string | undefined> {
  const ref = profiles.read(documentsOf(parts.ledger.state), tenant, principal)?.profile;
  if (ref === undefined) return undefined;
  const profile = await parts.secrets.openJson(ref, { class: 'PROFILE', tenant, principal });
  const { locale } = (profile ?? {}) as { readonly locale?: unknown };
  return typeof locale === 'string' && locale !== '' ? locale : undefined;
}
