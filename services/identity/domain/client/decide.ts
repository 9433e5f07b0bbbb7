import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import { accept, futureProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import { decidePrincipal } from '#services/identity/domain/principal/decide.js';
import { principals } from '#services/identity/domain/principal/state.js';
import type { ChangeClient, ClientCommand, RegisterClient } from './commands.js';
import { decideClientSecret, hasSecret } from './secrets.js';
import { settingsProblems } from './settings-problems.js';
import { clients, liveClient } from './state.js';
import type { ClientDocument } from './state.js';

export function decideClient(command: ClientCommand, view: DocumentReader, facts: Facts): Decision {
  if (command.type === 'RegisterClient') return register(command, view, facts);
  const { client } = command;
  const document = liveClient(view, facts.tenant, client);
  if (document === undefined) return reject('NOT_FOUND', 'no such client');
  const { principal } = document;
  switch (command.type) {
    case 'ChangeClient':
      return change(command, document, view, facts);
    case 'SuspendClient':
      return move(document, 'ACTIVE', { type: 'ClientSuspended', client, principal });
    case 'ResumeClient':
      return move(document, 'SUSPENDED', { type: 'ClientResumed', client, principal });
    case 'DeleteClient':
      return remove(client, document, view, facts);
    case 'CreateClientSecret':
    case 'RotateClientSecret':
    case 'RevokeClientSecret':
      return decideClientSecret(command, document, view, facts);
  }
}

/** The client and the service account that it acts as, in one record. */
function register(command: RegisterClient, view: DocumentReader, facts: Facts): Decision {
  const { client, principal, profile, kind, settings, secret } = command;
  const { tenant } = facts;
  const useless = secret !== undefined && !hasSecret(settings.authMethod);
  const refused = refuseFields(
    ...settingsProblems(settings, kind, view, tenant),
    ['secret', useless ? `${settings.authMethod} has no secret` : undefined],
    ['secret.expires_at_ms', futureProblem(secret?.expiresAtMs, facts.nowMs)],
  );
  if (refused !== undefined) return refused;
  if (
    clients.read(view, '', client) !== undefined ||
    principals.read(view, tenant, principal) !== undefined ||
    (secret !== undefined && credentials.read(view, tenant, secret.credential) !== undefined)
  ) {
    return reject('ALREADY_EXISTS', 'the client exists');
  }
  const events: DomainEvent[] = [
    {
      type: 'PrincipalRegistered',
      principal,
      kind: 'SERVICE',
      profile,
      loginNames: [],
      origin: 'ADMIN',
    },
    { type: 'ClientRegistered', client, principal, kind, settings },
  ];
  if (secret !== undefined) {
    events.push({ type: 'ClientSecretCreated', client, principal, ...secret });
  }
  return accept(...events);
}

function change(
  { client, settings }: ChangeClient,
  { principal, kind, settings: before }: ClientDocument,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const refused = refuseFields(...settingsProblems(settings, kind, view, tenant));
  if (refused !== undefined) return refused;
  if (sameSettings(before, settings)) return accept();
  return accept({ type: 'ClientChanged', client, principal, settings });
}

function sameSettings(a: object, b: object): boolean {
  const text = (value: object): string =>
    JSON.stringify(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  const given = (value: object): object =>
    Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined));
  return text(given(a)) === text(given(b));
}

/** Its service account goes with it, unless that is the last administrator. */
function remove(
  client: string,
  { principal }: ClientDocument,
  view: DocumentReader,
  facts: Facts,
): Decision {
  const account = decidePrincipal({ type: 'DeletePrincipal', principal }, view, facts);
  const gone = 'rejected' in account && account.rejected.reason === 'NOT_FOUND';
  if ('rejected' in account && !gone) return account;
  const events = 'events' in account ? account.events : [];
  return accept({ type: 'ClientDeleted', client, principal }, ...events);
}

function move(
  { status }: ClientDocument,
  from: ClientDocument['status'],
  event: DomainEvent,
): Decision {
  if (status === from) return accept(event);
  return reject('WRONG_STATE', `the client is ${status.toLowerCase()}`);
}
