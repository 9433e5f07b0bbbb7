import { readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import { ClientKind, type ClientSettings } from '#proto/ledgate/identity/v1/client.js';
import { duration, list } from '../cli/values.js';

/** Options that `client register` and `client change` have in common. */
export interface SettingFlags {
  readonly redirect?: string[];
  readonly postLogout?: string[];
  readonly grants?: string[];
  readonly scopes?: string[];
  readonly auth?: string;
  readonly jwks?: string;
  readonly pkce?: boolean;
  readonly dpop?: boolean;
  readonly par?: boolean;
  readonly accessTtl?: number;
  readonly refreshIdle?: number;
  readonly refreshAbsolute?: number;
  readonly audiences?: string[];
  readonly offlineAudiences?: string[];
  readonly firstParty?: boolean;
  readonly logoutUri?: string;
}

export const clientKindWords = {
  web: ClientKind.CLIENT_KIND_WEB,
  browser: ClientKind.CLIENT_KIND_BROWSER,
  native: ClientKind.CLIENT_KIND_NATIVE,
  service: ClientKind.CLIENT_KIND_SERVICE,
} as const;

const urn = 'urn:ietf:params:oauth:grant-type:';
const shortGrants: Readonly<Record<string, string>> = {
  code: 'authorization_code',
  refresh: 'refresh_token',
  credentials: 'client_credentials',
  device: `${urn}device_code`,
  exchange: `${urn}token-exchange`,
};

export function addSettingOptions(command: Command): Command {
  return command
    .option('--redirect <uris>', 'redirect URIs, comma separated; compared exactly', list)
    .option('--post-logout <uris>', 'where a log-out may lead to, comma separated', list)
    .option('--grants <types>', 'of code, refresh, credentials, device, exchange', grantTypes)
    .option('--scopes <names>', 'scopes that it may ask for, comma separated', list)
    .option('--auth <method>', 'client_secret_basic, private_key_jwt, tls_client_auth, none, …')
    .option('--jwks <file>', 'public keys of private_key_jwt (JSON)', textOfFile)
    .option('--no-pkce', 'PKCE may be left out (only of clients that keep a secret)')
    .option('--dpop', 'only tokens that are bound to a key (RFC 9449)')
    .option('--par', 'authorization requests only by PAR (RFC 9126)')
    .option('--access-ttl <time>', 'of its access tokens; default: as the tenant has it', duration)
    .option('--refresh-idle <time>', 'a refresh token that nobody used for so long ends', duration)
    .option('--refresh-absolute <time>', 'refreshing ends so long after the login', duration)
    .option('--audiences <ids>', 'audiences that its tokens may be for, comma separated', list)
    .option('--offline-audiences <ids>', 'those that verify tokens without asking', list)
    .option('--first-party', 'of the tenant itself: users are not asked')
    .option('--logout-uri <uri>', 'told of ends of sessions (back-channel logout)');
}

function grantTypes(text: string): string[] {
  return list(text).map((word) => {
    const type = shortGrants[word];
    if (type === undefined)
      throw new InvalidArgumentError(`One of ${Object.keys(shortGrants).join()}.`);
    return type;
  });
}

function textOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new InvalidArgumentError('Such a file cannot be read.');
  }
}

/** What is usual for a kind of client. */
export function usualSettings(kind: keyof typeof clientKindWords, name: string): ClientSettings {
  const confidential = kind === 'web' || kind === 'service';
  return {
    name,
    redirectUris: [],
    postLogoutRedirectUris: [],
    grantTypes:
      kind === 'service' ? ['client_credentials'] : ['authorization_code', 'refresh_token'],
    scopes: kind === 'service' ? [] : ['openid', 'profile', 'email', 'offline_access'],
    authMethod: confidential ? 'client_secret_basic' : 'none',
    jwks: '',
    pkceRequired: undefined,
    dpopRequired: false,
    parRequired: false,
    accessTokenTtlMs: 0n,
    refreshIdleMs: 0n,
    refreshAbsoluteMs: 0n,
    audiences: [],
    firstParty: false,
    backchannelLogoutUri: '',
  };
}

/** The settings with what the options say instead. */
export function withFlags(settings: ClientSettings, flags: SettingFlags): ClientSettings {
  const ms = (given: number | undefined, before: bigint): bigint =>
    given === undefined ? before : BigInt(given);
  const { audiences, offlineAudiences } = flags;
  const asked = [
    ...(audiences ?? []).map((id) => ({ id, offline: false })),
    ...(offlineAudiences ?? []).map((id) => ({ id, offline: true })),
  ];
  const named = audiences !== undefined || offlineAudiences !== undefined;
  return {
    ...settings,
    redirectUris: flags.redirect ?? settings.redirectUris,
    postLogoutRedirectUris: flags.postLogout ?? settings.postLogoutRedirectUris,
    grantTypes: flags.grants ?? settings.grantTypes,
    scopes: flags.scopes ?? settings.scopes,
    authMethod: flags.auth ?? settings.authMethod,
    jwks: flags.jwks ?? settings.jwks,
    // `--no-pkce` is the only way to say it; commander gives true where it is left out.
    pkceRequired: flags.pkce === false ? false : settings.pkceRequired,
    dpopRequired: flags.dpop ?? settings.dpopRequired,
    parRequired: flags.par ?? settings.parRequired,
    accessTokenTtlMs: ms(flags.accessTtl, settings.accessTokenTtlMs),
    refreshIdleMs: ms(flags.refreshIdle, settings.refreshIdleMs),
    refreshAbsoluteMs: ms(flags.refreshAbsolute, settings.refreshAbsoluteMs),
    audiences: named ? asked : settings.audiences,
    firstParty: flags.firstParty ?? settings.firstParty,
    backchannelLogoutUri: flags.logoutUri ?? settings.backchannelLogoutUri,
  };
}
