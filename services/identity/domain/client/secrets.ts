import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { ClientAuthMethod, DomainEvent } from '#libs/events/catalogue.js';
import { longestOverlapMs } from '#services/identity/domain/api-key/rotate.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import { accept, futureProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import type {
  ClientSecretCommand,
  CreateClientSecret,
  NewClientSecret,
  RevokeClientSecret,
  RotateClientSecret,
} from './commands.js';
import { clientSecretsOf, endOf, mostClientSecrets } from './state.js';
import type { ClientDocument, ClientSecretFacts } from './state.js';

/** Whether a client that authenticates so has secrets. */
export function hasSecret(method: ClientAuthMethod): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post';
}

export function decideClientSecret(
  command: ClientSecretCommand,
  client: ClientDocument,
  view: DocumentReader,
  facts: Facts,
): Decision {
  const held = clientSecretsOf.read(view, facts.tenant, command.client)?.secrets ?? [];
  if (command.type === 'RevokeClientSecret') return revoke(command, client, held);
  const { authMethod } = client.settings;
  if (!hasSecret(authMethod)) return reject('WRONG_STATE', `${authMethod} has no secret`);
  const refused = refuseFields(['expires_at_ms', futureProblem(command.expiresAtMs, facts.nowMs)]);
  if (refused !== undefined) return refused;
  if (credentials.read(view, facts.tenant, command.credential) !== undefined) {
    return reject('ALREADY_EXISTS', 'the credential exists');
  }
  return command.type === 'CreateClientSecret'
    ? create(command, client, held, facts)
    : rotate(command, client, held, view, facts);
}

function create(
  command: CreateClientSecret,
  client: ClientDocument,
  held: readonly ClientSecretFacts[],
  facts: Facts,
): Decision {
  const over = removalsOf(command.client, client, held, facts);
  return (
    tooMany(held.length - over.length) ??
    accept(...over, { type: 'ClientSecretCreated', ...made(command, client) })
  );
}

function rotate(
  command: RotateClientSecret,
  client: ClientDocument,
  held: readonly ClientSecretFacts[],
  view: DocumentReader,
  facts: Facts,
): Decision {
  const { overlapMs } = command;
  const fits = Number.isSafeInteger(overlapMs) && overlapMs >= 0 && overlapMs <= longestOverlapMs;
  const problem = fits ? undefined : `must be a whole number from 0 to ${longestOverlapMs}`;
  const refused = refuseFields(['overlap_ms', problem]);
  if (refused !== undefined) return refused;
  const inUse = held.filter((one) => one.overlapUntilMs === undefined && endOf(one) > facts.nowMs);
  const old =
    command.replaces === undefined
      ? inUse.at(-1)
      : inUse.find(({ credential }) => credential === command.replaces);
  if (old === undefined) {
    return reject('WRONG_STATE', 'no such secret is in use: create one instead');
  }
  if (credentials.read(view, facts.tenant, old.credential)?.status !== 'ACTIVE') {
    return reject('WRONG_STATE', 'the secret is blocked');
  }
  const over = removalsOf(command.client, client, held, facts);
  const end = Math.min(facts.nowMs + overlapMs, endOf(old));
  return (
    tooMany(held.length - over.length) ??
    accept(...over, {
      type: 'ClientSecretCreated',
      ...made(command, client),
      replaces: old.credential,
      overlapUntilMs: end,
    })
  );
}

function revoke(
  { client, credential, cause }: RevokeClientSecret,
  { principal }: ClientDocument,
  held: readonly ClientSecretFacts[],
): Decision {
  if (!held.some((one) => one.credential === credential)) {
    return reject('NOT_FOUND', 'the client has no such secret');
  }
  const kind = 'CLIENT_SECRET';
  return accept({ type: 'CredentialRemoved', principal, credential, kind, client, cause });
}

/** Expiry is no event: secrets that are over would stay in the list, so the next one ends them. */
function removalsOf(
  client: string,
  { principal }: ClientDocument,
  held: readonly ClientSecretFacts[],
  { nowMs }: Facts,
): DomainEvent[] {
  return held
    .filter((one) => endOf(one) <= nowMs)
    .map(({ credential }) => ({
      type: 'CredentialRemoved',
      principal,
      credential,
      kind: 'CLIENT_SECRET',
      client,
      cause: 'ROTATION',
    }));
}

function made(
  {
    client,
    credential,
    prefix,
    sha256,
    expiresAtMs,
  }: NewClientSecret & { readonly client: string },
  { principal }: ClientDocument,
) {
  return { client, principal, credential, prefix, sha256, expiresAtMs };
}

function tooMany(held: number): Decision | undefined {
  if (held < mostClientSecrets) return undefined;
  return reject('LIMIT_REACHED', `a client has at most ${mostClientSecrets} secrets; revoke some`);
}
