import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import type { ApiKeyCreated, DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import type { CertificateFacts } from '#services/identity/domain/certificate/state.js';
import type { FactorFacts } from '#services/identity/domain/factor/facts.js';

export interface CredentialDocument {
  readonly kind:
    | 'PASSWORD'
    | 'API_KEY'
    | 'TOTP'
    | 'OTP_CHANNEL'
    | 'PASSKEY'
    | 'RECOVERY_CODES'
    | 'CLIENT_SECRET'
    | 'CERTIFICATE';
  readonly principal: string;
  readonly status: 'ACTIVE' | 'BLOCKED' | 'REVOKED';
  readonly apiKey?: ApiKeyFacts;
  readonly certificate?: CertificateFacts;
  /** Of a second factor that was not removed. */
  readonly factor?: FactorFacts;
}

export interface ApiKeyFacts {
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly resourcePrefix?: string;
  readonly expiresAtMs?: number;
  readonly createdAtMs: number;
  /** The credential that this one took over from. */
  readonly replaces?: string;
  /** Set when it was replaced itself: valid until then at the latest. */
  readonly overlapUntilMs?: number;
}

/** Every credential, the password included: what can be blocked. */
export const credentials = new DocumentKind<CredentialDocument>('credential');
export const credentialNames = new DocumentKind<{ readonly name: string }>('credential-name');
/** SHA-256 of the key → credential. */
export const apiKeys = new DocumentKind<{ readonly credential: string }>('apikey');
/** Keys of a principal that were not revoked. */
export const apiKeysOf = new DocumentKind<{ readonly credentials: readonly string[] }>(
  'apikeys-of',
);
export const mostApiKeys = 100;

export type ApiKeyEvent = Extract<
  DomainEvent,
  {
    type:
      | 'ApiKeyCreated'
      | 'ApiKeyRevoked'
      | 'CredentialRenamed'
      | 'CredentialBlocked'
      | 'CredentialUnblocked';
  }
>;

export function evolveApiKey(event: ApiKeyEvent, to: DocumentWriter, context: EventContext): void {
  const { tenant } = context;
  const { credential, principal } = event;
  switch (event.type) {
    case 'ApiKeyCreated':
      return create(event, to, context);
    case 'ApiKeyRevoked': {
      setStatus(to, tenant, credential, 'REVOKED');
      return apiKeysOf.change(to, tenant, principal, (it) => ({
        credentials: it.credentials.filter((id) => id !== credential),
      }));
    }
    case 'CredentialRenamed':
      return credentialNames.put(to, tenant, credential, { name: event.name });
    case 'CredentialBlocked':
      return setStatus(to, tenant, credential, 'BLOCKED');
    case 'CredentialUnblocked':
      return setStatus(to, tenant, credential, 'ACTIVE');
  }
}

function create(event: ApiKeyCreated, to: DocumentWriter, { tenant, atMs }: EventContext): void {
  const { principal, credential, prefix, sha256, name, scopes } = event;
  const { resourcePrefix, expiresAtMs, replaces, overlapUntilMs } = event;
  const apiKey: ApiKeyFacts = {
    prefix,
    scopes,
    createdAtMs: atMs,
    ...(resourcePrefix === undefined ? {} : { resourcePrefix }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(replaces === undefined ? {} : { replaces }),
  };
  const status = 'ACTIVE';
  credentials.put(to, tenant, credential, { kind: 'API_KEY', principal, status, apiKey });
  credentialNames.put(to, tenant, credential, { name });
  apiKeys.put(to, tenant, sha256, { credential });
  const held = apiKeysOf.read(to, tenant, principal)?.credentials ?? [];
  apiKeysOf.put(to, tenant, principal, { credentials: [...held, credential] });
  if (replaces === undefined) return;
  credentials.change(to, tenant, replaces, (it) =>
    it.apiKey === undefined
      ? it
      : { ...it, apiKey: { ...it.apiKey, overlapUntilMs: overlapUntilMs ?? 0 } },
  );
}

function setStatus(
  to: DocumentWriter,
  tenant: string,
  credential: string,
  status: CredentialDocument['status'],
): void {
  credentials.change(to, tenant, credential, (it) => ({ ...it, status }));
}
