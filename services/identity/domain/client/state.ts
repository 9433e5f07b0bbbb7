import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import { presentFields } from '#libs/decider/present-fields.js';
import type { ClientKind, ClientSettings, DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { credentials } from '#services/identity/domain/api-key/state.js';

export interface ClientDocument {
  readonly tenant: string;
  /** The service account that it acts as where no user is present. */
  readonly principal: string;
  readonly kind: ClientKind;
  readonly status: 'ACTIVE' | 'SUSPENDED' | 'DELETED';
  readonly settings: ClientSettings;
  readonly createdAtMs: number;
}

export interface ClientSecretFacts {
  readonly credential: string;
  readonly prefix: string;
  readonly sha256: string;
  readonly createdAtMs: number;
  /** Ledger position at which it was created. */
  readonly position: number;
  readonly expiresAtMs?: number;
  readonly replaces?: string;
  /** Set when it was replaced itself: valid until then at the latest. */
  readonly overlapUntilMs?: number;
}

/** Cluster-wide, as a client id alone finds its tenant. */
export const clients = new DocumentKind<ClientDocument>('client');
/** The clients of a tenant that were not deleted, to list them. */
export const clientsOf = new DocumentKind<{ readonly principal: string }>('client-of');
/** Secrets of a client that were not revoked, oldest first. */
export const clientSecretsOf = new DocumentKind<{
  readonly secrets: readonly ClientSecretFacts[];
}>('client-secrets-of');

export const mostClientSecrets = 10;

/** A client of the tenant that was not deleted. */
export function liveClient(
  view: DocumentReader,
  tenant: string,
  id: string,
): ClientDocument | undefined {
  const client = clients.read(view, '', id);
  return client?.tenant === tenant && client.status !== 'DELETED' ? client : undefined;
}

/** When a secret ends, ms since the Unix epoch; Infinity: it does not. */
export function endOf({ expiresAtMs, overlapUntilMs }: ClientSecretFacts): number {
  return Math.min(expiresAtMs ?? Infinity, overlapUntilMs ?? Infinity);
}

type Of<T extends DomainEvent['type']> = Extract<DomainEvent, { type: T }>;

export function evolveClient(
  event: Of<
    'ClientRegistered' | 'ClientChanged' | 'ClientSuspended' | 'ClientResumed' | 'ClientDeleted'
  >,
  to: DocumentWriter,
  { tenant, atMs }: EventContext,
): void {
  const { client, principal } = event;
  const change = (part: Partial<ClientDocument>): void =>
    clients.change(to, '', client, (it) => (it.tenant === tenant ? { ...it, ...part } : it));
  switch (event.type) {
    case 'ClientRegistered': {
      const { kind } = event;
      const settings = presentFields(event.settings);
      const document = { tenant, principal, kind, status: 'ACTIVE', settings } as const;
      clients.put(to, '', client, { ...document, createdAtMs: atMs });
      clientsOf.put(to, tenant, client, { principal });
      return clientSecretsOf.put(to, tenant, client, { secrets: [] });
    }
    case 'ClientChanged':
      return change({ settings: presentFields(event.settings) });
    case 'ClientSuspended':
      return change({ status: 'SUSPENDED' });
    case 'ClientResumed':
      return change({ status: 'ACTIVE' });
    case 'ClientDeleted': {
      change({ status: 'DELETED' });
      clientsOf.remove(to, tenant, client);
      return clientSecretsOf.remove(to, tenant, client);
    }
  }
}

export function evolveClientSecret(
  event: Of<'ClientSecretCreated' | 'CredentialRemoved'>,
  to: DocumentWriter,
  { tenant, atMs, position }: EventContext,
): void {
  const { client = '', credential, principal } = event;
  const held = clientSecretsOf.read(to, tenant, client)?.secrets;
  if (event.type === 'CredentialRemoved') {
    credentials.change(to, tenant, credential, (it) => ({ ...it, status: 'REVOKED' }));
    if (held === undefined) return;
    const secrets = held.filter((one) => one.credential !== credential);
    return clientSecretsOf.put(to, tenant, client, { secrets });
  }
  const { prefix, sha256, expiresAtMs, replaces, overlapUntilMs } = event;
  const secret: ClientSecretFacts = {
    credential,
    prefix,
    sha256,
    createdAtMs: atMs,
    position,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(replaces === undefined ? {} : { replaces }),
  };
  const before = (held ?? []).map((one) =>
    one.credential === replaces ? { ...one, overlapUntilMs: overlapUntilMs ?? 0 } : one,
  );
  const status = 'ACTIVE';
  credentials.put(to, tenant, credential, { kind: 'CLIENT_SECRET', principal, status });
  clientSecretsOf.put(to, tenant, client, { secrets: [...before, secret] });
}
