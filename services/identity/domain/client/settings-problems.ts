import type { DocumentReader } from '#libs/decider/documents.js';
import type { ClientGrantType, ClientKind, ClientSettings } from '#libs/events/catalogue.js';
import { countProblem } from '#services/identity/domain/decision.js';
import {
  eachProblem,
  permissionPatternProblem,
} from '#services/identity/domain/names/exact-name.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import { isDefinedScope } from '#services/identity/domain/scope/state.js';
import { jwksProblem } from './jwks-problem.js';
import { redirectUriProblem } from './redirect-uri.js';

export type FieldProblem = readonly [field: string, problem: string | undefined];

const mostUris = 20;
const mostScopes = 50;
const mostAudiences = 20;
const minute = 60_000;
const year = 365 * 24 * 60 * minute;
/** Scopes of OpenID Connect Core, sections 3.1.2.1, 5.4 and 11: they permit nothing by themselves. */
export const openIdScopes: readonly string[] = [
  'openid',
  'profile',
  'email',
  'phone',
  'offline_access',
];
const audience = /^[A-Za-z0-9](?:[A-Za-z0-9._:/-]{0,254}[A-Za-z0-9/])?$/;

/** Whether this kind of client can keep a secret (RFC 6749, section 2.1). */
export function isConfidential(kind: ClientKind): boolean {
  return kind === 'WEB' || kind === 'SERVICE';
}

/** Everything that is wrong with the settings of a client. */
export function settingsProblems(
  settings: ClientSettings,
  kind: ClientKind,
  view: DocumentReader,
  tenant: string,
): FieldProblem[] {
  const { redirectUris, postLogoutRedirectUris, scopes, audiences } = settings;
  const uri = (text: string): string | undefined => redirectUriProblem(text, kind);
  const scope = (text: string): string | undefined => scopeProblem(text, view, tenant);
  const ids = audiences.map(({ id }) => id);
  return [
    ['settings.name', freeTextProblem(settings.name, 1, 64)],
    ['settings.redirect_uris', countProblem(redirectUris.length, mostUris)],
    ...eachProblem('settings.redirect_uris', redirectUris, uri),
    ['settings.post_logout_redirect_uris', countProblem(postLogoutRedirectUris.length, mostUris)],
    ...eachProblem('settings.post_logout_redirect_uris', postLogoutRedirectUris, uri),
    ['settings.scopes', countProblem(scopes.length, mostScopes)],
    ...eachProblem('settings.scopes', scopes, scope),
    ['settings.audiences', countProblem(audiences.length, mostAudiences)],
    ...eachProblem('settings.audiences', ids, (id) =>
      audience.test(id) ? undefined : '1 to 256 letters, digits, ".", "_", ":", "/" and "-"',
    ),
    ...grantProblems(settings, kind),
    ...authenticationProblems(settings, kind),
    ...lifetimeProblems(settings),
    ['settings.backchannel_logout_uri', logoutUriProblem(settings.backchannelLogoutUri)],
  ];
}

/** A scope that the tenant has defined, a permission pattern, or one of OpenID Connect. */
function scopeProblem(scope: string, view: DocumentReader, tenant: string): string | undefined {
  if (openIdScopes.includes(scope) || isDefinedScope(view, tenant, scope)) return undefined;
  if (scope.includes(':') && permissionPatternProblem(scope) === undefined) return undefined;
  return 'is not a scope of the tenant; define it first';
}

function grantProblems(settings: ClientSettings, kind: ClientKind): FieldProblem[] {
  const { grantTypes, redirectUris } = settings;
  const has = (type: ClientGrantType): boolean => grantTypes.includes(type);
  const device = has('urn:ietf:params:oauth:grant-type:device_code');
  const problem = (): string | undefined => {
    if (grantTypes.length === 0) return 'must not be empty';
    if (new Set(grantTypes).size < grantTypes.length) return 'one is named twice';
    if (kind === 'SERVICE' && (has('authorization_code') || device)) {
      return 'a SERVICE has no users: WEB, BROWSER and NATIVE have';
    }
    if (has('refresh_token') && !has('authorization_code') && !device) {
      return 'refresh_token needs authorization_code or device_code beside it';
    }
    const ownRight =
      has('client_credentials') || has('urn:ietf:params:oauth:grant-type:token-exchange');
    if (ownRight && !isConfidential(kind)) {
      return 'client_credentials and token-exchange need a client that keeps a secret';
    }
    return undefined;
  };
  const uris = (): string | undefined => {
    if (has('authorization_code'))
      return redirectUris.length === 0 ? 'needs at least one' : undefined;
    return redirectUris.length === 0 ? undefined : 'are of no use without authorization_code';
  };
  return [
    ['settings.grant_types', problem()],
    ['settings.redirect_uris', uris()],
  ];
}

function authenticationProblems(settings: ClientSettings, kind: ClientKind): FieldProblem[] {
  const { authMethod, jwks, pkceRequired } = settings;
  const confidential = isConfidential(kind);
  const method = (): string | undefined => {
    if (confidential && authMethod === 'none') return `a ${kind} client must authenticate`;
    if (confidential || authMethod === 'none') return undefined;
    return `a ${kind} client cannot keep a secret: must be none`;
  };
  const keys = (): string | undefined => {
    if (authMethod !== 'private_key_jwt') return jwks === undefined ? undefined : 'is not used';
    return jwks === undefined ? 'must be set for private_key_jwt' : jwksProblem(jwks);
  };
  const noPkce = !confidential && !pkceRequired;
  return [
    ['settings.auth_method', method()],
    ['settings.jwks', keys()],
    ['settings.pkce_required', noPkce ? `cannot be left out for a ${kind} client` : undefined],
  ];
}

function lifetimeProblems(settings: ClientSettings): FieldProblem[] {
  const { accessTokenTtlMs, refreshIdleMs: idle, refreshAbsoluteMs: absolute } = settings;
  const order = idle !== undefined && absolute !== undefined && idle > absolute;
  return [
    ['settings.access_token_ttl_ms', rangeProblem(accessTokenTtlMs, 60 * minute)],
    ['settings.refresh_idle_ms', rangeProblem(idle, year)],
    ['settings.refresh_absolute_ms', rangeProblem(absolute, year)],
    ['settings.refresh_idle_ms', order ? 'must not be above the absolute lifetime' : undefined],
  ];
}

function rangeProblem(ms: number | undefined, most: number): string | undefined {
  if (ms === undefined || (Number.isSafeInteger(ms) && ms >= minute && ms <= most))
    return undefined;
  return `must be from ${minute} to ${most} milliseconds`;
}

function logoutUriProblem(uri: string | undefined): string | undefined {
  return uri === undefined ? undefined : redirectUriProblem(uri, 'WEB');
}
