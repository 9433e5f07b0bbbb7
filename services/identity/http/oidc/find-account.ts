import type { Account } from 'oidc-provider';
import { engineContext, type EngineParts } from './engine-context.js';

/** A principal that is active now, of the tenant of the client that is asking. */
export async function findAccount(parts: EngineParts, id: string): Promise<Account | undefined> {
  const { ledger } = parts;
  const { oidc } = engineContext();
  const tenant = ledger.client(oidc.client?.clientId ?? '')?.tenant;
  if (tenant === undefined || !ledger.isActive(tenant, id)) {
    // Somebody of another tenant: at this client nobody is logged in.
    const { Session: session } = oidc.entities;
    if (session?.accountId === id) session.accountId = undefined;
    return undefined;
  }
  return {
    accountId: id,
    claims: async (_use, scope) => {
      const wanted = new Set(scope.split(' '));
      if (!wanted.has('profile') && !wanted.has('email')) return { sub: id };
      return { sub: id, ...(await ledger.claims(tenant, id)) };
    },
  };
}
