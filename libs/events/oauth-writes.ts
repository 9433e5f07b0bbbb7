import type { ClientEvent } from './catalogue/client.js';
import type { EndpointEvent } from './catalogue/endpoint.js';
import type { FactorEvent } from './catalogue/factor.js';
import type { Key } from './keys.js';
import { global, redeemed, tuple, type KeyMaker, type Writes } from './writes.js';

type OauthRows = (FactorEvent | EndpointEvent | ClientEvent)['type'];
interface OfClient {
  readonly client: string;
}
interface OfPrincipal {
  readonly principal: string;
}

/** A client id alone finds its tenant, so the document of a client belongs to the cluster. */
const client = (e: OfClient): Key => global('client', e.client);
const named = (e: { credential: string }, at: KeyMaker): Key[] => [
  at('credential', e.credential),
  at('credential-name', e.credential),
];
const factor = (e: OfPrincipal & { credential: string }, at: KeyMaker): Key[] => [
  ...named(e, at),
  at('factors-of', e.principal),
];
const consent = (e: OfPrincipal & OfClient, at: KeyMaker): Key[] => [
  at('consent', tuple(e.principal, e.client)),
  at('consents-of', e.principal),
];

/** Second factors and other credentials, OAuth clients and consents, scopes and endpoint rules. */
export const oauthWrites: Pick<Writes, OauthRows> = {
  TotpEnrolled: (e, at) => [...factor(e, at), ...redeemed(e, at)],
  OtpChannelEnrolled: (e, at) => [...factor(e, at), ...redeemed(e, at)],
  PasskeyRegistered: (e, at) => [...factor(e, at), at('passkey', e.idSha256), ...redeemed(e, at)],
  RecoveryCodesGenerated: (e, at) => [
    at('recovery-of', e.principal),
    at('factors-of', e.principal),
    at('credential', e.credential),
  ],
  RecoveryCodeConsumed: (e, at) => [at('recovery-of', e.principal), ...redeemed(e, at)],
  CertificateBound: (e, at) => [
    ...named(e, at),
    at('cert', tuple(e.kind, e.identity)),
    at('certs-of', e.principal),
  ],
  ClientSecretCreated: (e, at) => [
    at('credential', e.credential),
    at('client-secrets-of', e.client),
    ...(e.replaces === undefined ? [] : [at('credential', e.replaces)]),
  ],
  CredentialRemoved: (e, at) => [at('credential', e.credential), ...listOf(e, at)],

  ScopeDefined: (e, at) => [at('scope', e.scope)],
  ScopeChanged: (e, at) => [at('scope', e.scope)],
  ScopeRetired: (e, at) => [at('scope', e.scope)],
  EndpointRuleSet: (e, at) => [
    at('endpoint', tuple(e.api, e.rule.method, e.rule.template)),
    at('api', e.api),
  ],
  EndpointRuleRemoved: (e, at) => [
    at('endpoint', tuple(e.api, e.method, e.template)),
    at('api', e.api),
  ],
  EndpointRulesReplaced: (e, at) => [at('api', e.api)],

  ClientRegistered: (e, at) => [
    client(e),
    at('client-of', e.client),
    at('client-secrets-of', e.client),
  ],
  ClientChanged: (e) => [client(e)],
  ClientSuspended: (e) => [client(e)],
  ClientResumed: (e) => [client(e)],
  ClientDeleted: (e, at) => [
    client(e),
    at('client-of', e.client),
    at('client-secrets-of', e.client),
  ],
  ConsentGiven: (e, at) => consent(e, at),
  ConsentWithdrawn: (e, at) => consent(e, at),
  UpstreamProviderSet: (e, at) => [at('upstream', e.provider)],
  UpstreamProviderRemoved: (e, at) => [at('upstream', e.provider)],
};

type Removed = Parameters<Writes['CredentialRemoved']>[0];

/** The list that the credential stood in. */
function listOf(e: Removed, at: KeyMaker): Key[] {
  switch (e.kind) {
    case 'CLIENT_SECRET':
      return e.client === undefined ? [] : [at('client-secrets-of', e.client)];
    case 'CERTIFICATE':
      return [at('certs-of', e.principal)];
    case 'RECOVERY_CODES':
      return [at('recovery-of', e.principal), at('factors-of', e.principal)];
    case 'TOTP':
    case 'OTP_CHANNEL':
    case 'PASSKEY':
      return [at('factors-of', e.principal)];
  }
}
