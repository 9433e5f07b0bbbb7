import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { loginNames, loginNamesOf } from '#services/identity/domain/login-name/state.js';

/** The first login name of an account, in clear, for its owner; `''`: it has none. */
export async function accountNameOf(
  parts: IdentityParts,
  { tenant, principal }: { readonly tenant: string; readonly principal: string },
): Promise<string> {
  const view = documentsOf(parts.ledger.state);
  const [index] = loginNamesOf.read(view, tenant, principal)?.blindIndexes ?? [];
  const name = index === undefined ? undefined : loginNames.read(view, tenant, index);
  const context = { class: 'PROFILE', tenant, principal } as const;
  const bytes = name && (await parts.secrets.open(name.value, context));
  return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
}
