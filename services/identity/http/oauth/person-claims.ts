import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { principalDetails } from '#services/identity/app/principals.js';
import type { PersonClaims } from './oauth-ledger.js';

/** What OpenID Connect says of a principal (Core, section 5.1), of what is known; none: not there. */
export async function personClaims(
  parts: IdentityParts,
  tenant: string,
  principal: string,
): Promise<PersonClaims> {
  const details = await principalDetails(parts, tenant, principal, parts.clock.wallMs());
  if (details === undefined) return {};
  const { displayName, locale } = details.profile;
  const named = (kind: string) => details.loginNames.find((one) => one.kind === kind);
  const [user, mail] = [named('USERNAME'), named('EMAIL')];
  return {
    ...(displayName === '' ? {} : { name: displayName }),
    ...(locale === '' ? {} : { locale }),
    ...(user === undefined ? {} : { preferred_username: user.value }),
    ...(mail === undefined ? {} : { email: mail.value, email_verified: mail.verified }),
  };
}
