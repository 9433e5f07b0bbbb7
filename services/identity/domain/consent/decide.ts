import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { liveClient } from '#services/identity/domain/client/state.js';
import { accept, futureProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import { eachProblem } from '#services/identity/domain/names/exact-name.js';
import { livePrincipal } from '#services/identity/domain/principal/state.js';
import type { ConsentCommand, GiveConsent } from './commands.js';
import { consentId, consents, consentsOf, mostConsents } from './state.js';

export function decideConsent(
  command: ConsentCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  if (command.type === 'GiveConsent') return give(command, view, facts);
  const { principal, client } = command;
  if (consents.read(view, facts.tenant, consentId(principal, client)) === undefined) {
    return reject('NOT_FOUND', 'there is no such consent');
  }
  return accept({ type: 'ConsentWithdrawn', principal, client });
}

function give(command: GiveConsent, view: DocumentReader, facts: Facts): Decision {
  const { principal, client, scopes, audience, expiresAtMs } = command;
  const { tenant, nowMs } = facts;
  const document = liveClient(view, tenant, client);
  if (document === undefined) return reject('NOT_FOUND', 'no such client');
  if (document.status !== 'ACTIVE') return reject('WRONG_STATE', 'the client is suspended');
  if (livePrincipal(view, tenant, principal)?.kind !== 'USER') {
    return reject('NOT_FOUND', 'no such user');
  }
  const { settings } = document;
  const outside = audience !== '' && !settings.audiences.some(({ id }) => id === audience);
  const refused = refuseFields(
    ['scopes', scopes.length === 0 ? 'must not be empty' : undefined],
    ...eachProblem('scopes', scopes, (scope) =>
      settings.scopes.includes(scope) ? undefined : 'is no scope of the client',
    ),
    ['audience', outside ? 'is no audience of the client' : undefined],
    ['expires_at_ms', futureProblem(expiresAtMs, nowMs)],
  );
  if (refused !== undefined) return refused;
  const held = consentsOf.read(view, tenant, principal)?.clients ?? [];
  if (!held.includes(client) && held.length >= mostConsents) {
    return reject('LIMIT_REACHED', `a principal has at most ${mostConsents} consents`);
  }
  return accept({ type: 'ConsentGiven', principal, client, scopes, audience, expiresAtMs });
}
