import { documentsOf } from '#services/identity/app/accounts.js';
import { findClient } from '#services/identity/app/clients.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { consentNow, type ConsentDocument } from '#services/identity/domain/consent/state.js';
import { openIdScopes } from '#services/identity/domain/client/settings-problems.js';
import { scopes as scopeDocuments } from '#services/identity/domain/scope/state.js';

export interface ConsentQuestion {
  readonly tenant: string;
  readonly principal: string;
  readonly client: string;
}

/** The consent that a principal has given to a client, and that is in force. */
export function findConsent(
  parts: Pick<IdentityParts, 'ledger' | 'clock'>,
  question: ConsentQuestion,
): ConsentDocument | undefined {
  const { tenant } = question;
  return consentNow(documentsOf(parts.ledger.state), tenant, question, parts.clock.wallMs());
}

/**
 * Scopes that the principal must still be asked about before the client gets them; none for a client of
 * the tenant itself, and none of a scope that was defined without consent.
 */
export function scopesToAsk(
  parts: Pick<IdentityParts, 'ledger' | 'clock'>,
  question: ConsentQuestion,
  asked: readonly string[],
): readonly string[] {
  const client = findClient(parts, question.client);
  if (client?.tenant === question.tenant && client.settings.firstParty) return [];
  const given = findConsent(parts, question)?.scopes ?? [];
  const view = documentsOf(parts.ledger.state);
  return asked.filter((scope) => {
    if (given.includes(scope)) return false;
    const defined = scopeDocuments.read(view, question.tenant, scope);
    return openIdScopes.includes(scope) || defined?.consentRequired !== false;
  });
}
