import { systemTenant } from '#libs/events/envelope.js';
import { keyPrefix } from '#libs/events/keys.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import {
  decideBuiltIn,
  missingBuiltIn,
} from '#services/identity/domain/permission/define-built-in.js';
import { tenants } from '#services/identity/domain/tenant/state.js';

/**
 * After an upgrade: every tenant gets the permissions of Ledgate that this build has and the one that
 * created it had not. Without them nobody there could be allowed what is new. Resolves with how many
 * tenants lacked some.
 */
export async function defineBuiltIn(ledger: LedgerSession): Promise<number> {
  const { state } = ledger;
  const view = documentsOf(state);
  const listed = [...state.scan(keyPrefix('', 'slug'))].map(
    ([, document]) => (document as { readonly tenant: string }).tenant,
  );
  let completed = 0;
  for (const tenant of listed) {
    const status = tenants.read(view, tenant, tenant)?.status;
    if (status !== 'ACTIVE' || missingBuiltIn(view, tenant).length === 0) continue;
    await ledger.execute({
      command: { type: 'DefineBuiltIn' },
      decide: decideBuiltIn,
      authorise: () => ({ permittedBy: [] }),
      envelope: {
        tenant,
        actor: { tenant: systemTenant, principal: '' },
        commandId: '',
        requestDigest: '',
        reason: 'upgrade',
        traceparent: '',
      },
    });
    completed += 1;
  }
  return completed;
}
