import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';

/** What was redeemed in ledger L (a mailed link, a ticket), and cannot be again. */
export const redeemed = new DocumentKind<{ readonly position: number }>('challenge');

export function redeem(
  to: DocumentWriter,
  tenant: string,
  challenge: string | undefined,
  position: number,
): void {
  if (challenge !== undefined) redeemed.put(to, tenant, challenge, { position });
}
