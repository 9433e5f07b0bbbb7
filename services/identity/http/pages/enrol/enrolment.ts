import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { factorPolicy } from '#services/identity/domain/factor/policy.js';
import type { EnrolKind } from './enrol-pages.js';

/** In the order in which they are offered: the best first. */
const order: readonly EnrolKind[] = ['PASSKEY', 'TOTP', 'SMS', 'EMAIL'];

/** Kinds that the tenant takes and this installation can do. */
export function enrolmentKinds(
  { ledger, delivery }: IdentityParts,
  tenant: string,
): readonly EnrolKind[] {
  const { allowed } = factorPolicy(documentsOf(ledger.state), tenant);
  const able = {
    PASSKEY: true,
    TOTP: true,
    SMS: delivery.sms.available,
    EMAIL: delivery.mail.available,
  };
  return order.filter((kind) => allowed.includes(kind) && able[kind]);
}

export function enrolKindOf(text: string): EnrolKind | undefined {
  return order.find((kind) => kind === text);
}
