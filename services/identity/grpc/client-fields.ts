import {
  clientAuthMethods,
  clientGrantTypes,
  type ClientAuthMethod,
  type ClientGrantType,
  type ClientKind,
  type ClientSettings,
} from '#libs/events/catalogue.js';
import {
  ClientKind as Wire,
  type Client as ClientMessage,
  type ClientSecret,
  type ClientSettings as Settings,
} from '#proto/ledgate/identity/v1/client.js';
import type { Client } from '#services/identity/app/clients.js';
import type { CredentialDocument } from '#services/identity/domain/api-key/state.js';
import { isConfidential } from '#services/identity/domain/client/settings-problems.js';
import { endOf, type ClientSecretFacts } from '#services/identity/domain/client/state.js';
import type { Fields } from '#services/identity/grpc/fields.js';

export const clientKinds: ReadonlyMap<number, ClientKind> = new Map([
  [Wire.CLIENT_KIND_WEB, 'WEB'],
  [Wire.CLIENT_KIND_BROWSER, 'BROWSER'],
  [Wire.CLIENT_KIND_NATIVE, 'NATIVE'],
  [Wire.CLIENT_KIND_SERVICE, 'SERVICE'],
]);

const kindNumbers: Readonly<Record<ClientKind, Wire>> = {
  WEB: Wire.CLIENT_KIND_WEB,
  BROWSER: Wire.CLIENT_KIND_BROWSER,
  NATIVE: Wire.CLIENT_KIND_NATIVE,
  SERVICE: Wire.CLIENT_KIND_SERVICE,
};

/** Settings as the domain has them; what is wrong with their words joins the violations. */
export function settingsField(
  fields: Fields,
  message: Settings | undefined,
  kind: ClientKind,
): ClientSettings {
  const given = fields.present('settings', message);
  const grantTypes = (given?.grantTypes ?? []).map((word, at) =>
    oneOf<ClientGrantType>(fields, `settings.grant_types[${at}]`, word, clientGrantTypes),
  );
  const authMethod = oneOf<ClientAuthMethod>(
    fields,
    'settings.auth_method',
    given?.authMethod ?? '',
    clientAuthMethods,
  );
  const codeFlow = grantTypes.includes('authorization_code');
  return {
    name: given?.name ?? '',
    redirectUris: given?.redirectUris ?? [],
    postLogoutRedirectUris: given?.postLogoutRedirectUris ?? [],
    grantTypes,
    scopes: given?.scopes ?? [],
    authMethod,
    jwks: textOrNone(given?.jwks),
    pkceRequired: given?.pkceRequired ?? (codeFlow || !isConfidential(kind)),
    dpopRequired: given?.dpopRequired ?? false,
    parRequired: given?.parRequired ?? false,
    accessTokenTtlMs: msOrNone(fields, 'settings.access_token_ttl_ms', given?.accessTokenTtlMs),
    refreshIdleMs: msOrNone(fields, 'settings.refresh_idle_ms', given?.refreshIdleMs),
    refreshAbsoluteMs: msOrNone(fields, 'settings.refresh_absolute_ms', given?.refreshAbsoluteMs),
    audiences: (given?.audiences ?? []).map(({ id, offline }) => ({ id, offline })),
    firstParty: given?.firstParty ?? false,
    backchannelLogoutUri: textOrNone(given?.backchannelLogoutUri),
  };
}

function oneOf<T extends string>(
  fields: Fields,
  field: string,
  word: string,
  words: readonly [T, ...T[]],
): T {
  const known = words.find((one) => one === word);
  if (known === undefined) fields.add(field, `must be one of ${words.join(', ')}`);
  return known ?? words[0];
}

const textOrNone = (text: string | undefined): string | undefined =>
  text === undefined || text === '' ? undefined : text;

function msOrNone(fields: Fields, field: string, value: bigint | undefined): number | undefined {
  if (value === undefined || value === 0n) return undefined;
  return fields.duration(field, value, 1, Number.MAX_SAFE_INTEGER);
}

export function clientMessage(client: Client, secrets: readonly ClientSecret[]): ClientMessage {
  const { settings } = client;
  return {
    clientId: client.client,
    principalId: client.principal,
    kind: kindNumbers[client.kind],
    status: client.status,
    settings: {
      ...settings,
      redirectUris: [...settings.redirectUris],
      postLogoutRedirectUris: [...settings.postLogoutRedirectUris],
      grantTypes: [...settings.grantTypes],
      scopes: [...settings.scopes],
      jwks: settings.jwks ?? '',
      accessTokenTtlMs: BigInt(settings.accessTokenTtlMs ?? 0),
      refreshIdleMs: BigInt(settings.refreshIdleMs ?? 0),
      refreshAbsoluteMs: BigInt(settings.refreshAbsoluteMs ?? 0),
      audiences: settings.audiences.map(({ id, offline }) => ({ id, offline })),
      backchannelLogoutUri: settings.backchannelLogoutUri ?? '',
    },
    createdAtMs: BigInt(client.createdAtMs),
    secrets: [...secrets],
  };
}

export function secretMessage(
  secret: ClientSecretFacts,
  credential: CredentialDocument | undefined,
  nowMs: number,
): ClientSecret {
  const end = endOf(secret);
  const live = secret.overlapUntilMs === undefined ? 'ACTIVE' : 'REPLACED';
  const status = credential?.status === 'BLOCKED' ? 'BLOCKED' : live;
  return {
    credentialId: secret.credential,
    prefix: secret.prefix,
    status: end <= nowMs ? 'EXPIRED' : status,
    expiresAtMs: BigInt(Number.isFinite(end) ? end : 0),
    createdAtMs: BigInt(secret.createdAtMs),
  };
}
