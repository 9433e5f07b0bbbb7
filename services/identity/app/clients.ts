import { timingSafeEqual } from 'node:crypto';
import { isDeniedEarly, tenantStatus } from '#libs/access/evaluate/subject-status.js';
import { ALLOW } from '#libs/access/reason-code.js';
import type { ClientKind, ClientSettings } from '#libs/events/catalogue.js';
import { clientSecretSha256, generateClientSecret } from '#libs/tokens/client-secret.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import {
  execute,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { sealProfile } from '#services/identity/app/principals.js';
import { sealing } from '#services/identity/app/sealing.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import {
  certificateOwner,
  type CertificateFacts,
} from '#services/identity/domain/certificate/state.js';
import { isRegisteredUri } from '#services/identity/domain/client/redirect-uri.js';
import { hasSecret } from '#services/identity/domain/client/secrets.js';
import {
  clients,
  clientSecretsOf,
  endOf,
  type ClientDocument,
} from '#services/identity/domain/client/state.js';

/** A client as the OAuth endpoints see it. */
export interface Client extends ClientDocument {
  readonly client: string;
}

export interface NewClient {
  readonly kind: ClientKind;
  readonly settings: ClientSettings;
  /** Whether it gets a first secret, and when that ends. */
  readonly secret: { readonly expiresAtMs: number | undefined } | undefined;
}

export interface RegisteredClient {
  readonly executed: Executed;
  /** Shown this once. */
  readonly secretText: string | undefined;
}

/** Registers a client with its service account, which is called like it. */
export async function registerClient(
  parts: IdentityParts,
  call: CommandCall,
  { kind, settings, secret }: NewClient,
): Promise<RegisteredClient> {
  const text = secret && generateClientSecret(parts.random);
  const executed = await sealing(parts, async (sealed) => {
    const { tenant } = call;
    const principal = parts.ids.uuid();
    const profile = { displayName: settings.name, locale: '' };
    return execute(sealed, call, {
      type: 'RegisterClient',
      client: parts.ids.uuid(),
      principal,
      profile: await sealProfile(sealed, { tenant, principal }, profile),
      kind,
      settings,
      secret: text && {
        credential: parts.ids.uuid(),
        prefix: text.prefix,
        sha256: text.sha256,
        expiresAtMs: secret?.expiresAtMs,
      },
    });
  });
  return { executed, secretText: executed.replayed ? undefined : text?.text };
}

/** A client that was not deleted, whatever its tenant and its status are. */
export function findClient(
  { ledger }: Pick<IdentityParts, 'ledger'>,
  clientId: string,
): Client | undefined {
  const document = clients.read(documentsOf(ledger.state), '', clientId);
  if (document === undefined || document.status === 'DELETED') return undefined;
  return { client: clientId, ...document };
}

/** Whether it may be served now: neither it nor its tenant is suspended or deleted. */
export function isServed({ ledger }: Pick<IdentityParts, 'ledger'>, client: Client): boolean {
  const { view } = ledger.fold;
  const tenant = view.findTenant(client.tenant);
  if (client.status !== 'ACTIVE' || tenant === undefined) return false;
  if (tenantStatus(view, tenant) !== ALLOW) return false;
  return !isDeniedEarly(view, tenant, 'CLIENT', client.client);
}

/** Whether a code may be sent there (RFC 9700, section 2.1). */
export function mayRedirectTo({ settings, kind }: Client, uri: string): boolean {
  return isRegisteredUri(settings.redirectUris, uri, kind);
}

/**
 * Which secret of a client this is: its credential, or nothing. Compares with every secret of the client,
 * in constant time, also where there is none: neither what differs nor whether a client exists shows.
 * Refuses what is expired, replaced, blocked, or older than the last restore of the ledger.
 */
export function verifyClientSecret(
  parts: Pick<IdentityParts, 'ledger' | 'clock'>,
  clientId: string,
  secret: string,
): { readonly credential: string } | undefined {
  const view = documentsOf(parts.ledger.state);
  const client = findClient(parts, clientId);
  const given = digestOf(clientSecretSha256(secret));
  const held =
    client === undefined ? [] : clientSecretsOf.read(view, client.tenant, clientId)?.secrets;
  let found: string | undefined;
  for (const one of held?.length ? held : [nobodysSecret]) {
    const same = timingSafeEqual(digestOf(one.sha256), given);
    const good =
      endOf(one) > parts.clock.wallMs() && one.position >= parts.ledger.fold.view.openedAt;
    if (same && good) found = one.credential;
  }
  if (client === undefined || found === undefined || !isServed(parts, client)) return undefined;
  if (!hasSecret(client.settings.authMethod)) return undefined;
  const active = credentials.read(view, client.tenant, found)?.status === 'ACTIVE';
  return active && !isRevokedEarly(parts, client, found) ? { credential: found } : undefined;
}

/** Whether this certificate, which TLS has proved, is bound to the client (RFC 8705, section 2). */
export function verifyClientCertificate(
  parts: Pick<IdentityParts, 'ledger' | 'clock'>,
  clientId: string,
  certificate: Pick<CertificateFacts, 'kind' | 'identity'>,
): { readonly credential: string } | undefined {
  const client = findClient(parts, clientId);
  if (client?.settings.authMethod !== 'tls_client_auth' || !isServed(parts, client))
    return undefined;
  const view = documentsOf(parts.ledger.state);
  const owner = certificateOwner(view, client.tenant, certificate, parts.clock.wallMs());
  if (owner?.principal !== client.principal) return undefined;
  const { credential } = owner;
  return isRevokedEarly(parts, client, credential) ? undefined : { credential };
}

/** Whether its secret or certificate was revoked, and the ledger could not take it yet. */
function isRevokedEarly(
  { ledger }: Pick<IdentityParts, 'ledger'>,
  { tenant }: Client,
  credential: string,
): boolean {
  return isDeniedEarly(ledger.fold.view, { id: tenant }, 'CREDENTIAL', credential);
}

/** Equal to no digest of a secret. */
const nobodysSecret = {
  credential: '',
  prefix: '',
  sha256: '',
  createdAtMs: 0,
  position: 0,
};

function digestOf(sha256: string | undefined): Uint8Array {
  const bytes = Buffer.alloc(33);
  if (sha256 === undefined || sha256 === '') bytes[32] = sha256 === undefined ? 1 : 2;
  else bytes.write(sha256, 'base64url');
  return bytes;
}
