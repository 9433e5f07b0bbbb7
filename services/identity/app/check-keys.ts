import { Failure } from '#libs/errors/failure.js';
import { systemTenant } from '#libs/events/envelope.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import type { AnyLedgerSession } from '#services/identity/app/ledger-session.js';
import { tenants } from '#services/identity/domain/tenant/state.js';

/**
 * Throws MISCONFIGURED when the ledger holds records and none of them counts: under another ledger
 * key all are void. Records without a GENESIS are what instances left that outlived their ledger.
 */
export function requireLedgerKey({ reader }: AnyLedgerSession): void {
  const { position, window } = reader;
  if (position < 0 || window.acceptedCount > 0) return;
  throw new Failure('MISCONFIGURED', 'the ledger was written under another ledger key: refusing');
}

/** Throws MISCONFIGURED when this master key does not open what the cluster has sealed. */
export async function requireMasterKey({ ledger, secrets }: IdentityParts): Promise<void> {
  const system = tenants.read(documentsOf(ledger.state), systemTenant, systemTenant);
  if (system === undefined) return;
  const own = { class: 'SECRET', tenant: systemTenant, principal: '' } as const;
  try {
    if ((await secrets.open(system.blindIndexKey, own)) !== undefined) return;
  } catch (cause) {
    throw new Failure('MISCONFIGURED', 'the vault was sealed under another master key: refusing', {
      cause,
    });
  }
  throw new Failure('MISCONFIGURED', 'the vault lacks what the ledger names: is it the right one?');
}
