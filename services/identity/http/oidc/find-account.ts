import type { Account } from 'oidc-provider';
import { wantedClaims } from '../oauth/id-token.js';
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
      const wanted = wantedClaims(scope.split(' '));
      const person = wanted.length === 0 ? {} : await ledger.claims(tenant, id);
      return { sub: id, ...Object.fromEntries(wanted.map((name) => [name, person[name]])) };
    },
  };
}
