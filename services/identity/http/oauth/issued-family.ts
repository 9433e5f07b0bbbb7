import type { RefreshFamilyFacts } from '#libs/events/catalogue.js';
import type { Session } from '#services/identity/app/sessions.js';
import type { FamilyFacts, Issued } from './oauth-ledger.js';

/** What the ledger has given out, as OAuth sees it. */
export function issuedOf(
  { family, refreshToken }: { readonly family: RefreshFamilyFacts; readonly refreshToken: string },
  session: Session,
  outage: boolean,
): Issued {
  return { family: factsOf(family, session, outage), refreshToken };
}

/** A family and the session behind it. */
export function factsOf(
  family: RefreshFamilyFacts,
  session: Session,
  outage: boolean,
): FamilyFacts {
  const { amr, tenant } = session;
  return { ...family, amr, tenant, outage };
}
