import {
  ClientKind,
  ClientServiceService as Clients,
  ClientSettings,
  ConsentServiceService as Consents,
} from '#proto/ledgate/identity/v1/client.js';
import {
  type Bad,
  type Row,
  badIds,
  badTexts,
  badTimes,
  id,
  ofCredential,
  ofPage,
  ofPrincipal,
} from './bad-values.js';

const settings = ClientSettings.fromPartial({
  name: 'Shop',
  redirectUris: ['https://shop.example/cb'],
  grantTypes: ['authorization_code'],
  scopes: ['openid'],
  authMethod: 'client_secret_basic',
});
const ofClient: Bad = ['clientId', ['', ...badIds], 'client_id'];
const changed = (over: Partial<ClientSettings>): ClientSettings => ({ ...settings, ...over });
const each = (name: string, ...changes: readonly Partial<ClientSettings>[]): Bad => [
  'settings',
  changes.map(changed),
  `settings.${name}`,
];
/** What is refused whether or not there is such a client. */
const badWords: readonly Bad[] = [
  ['settings', [undefined]],
  each('grant_types', { grantTypes: ['password'] }, { grantTypes: ['implicit'] }),
  each('auth_method', { authMethod: '' }, { authMethod: 'plain' }),
  each('access_token_ttl_ms', { accessTokenTtlMs: -1n }),
];

/** OAuth clients, certificates and consents. */
export const clientRows: readonly Row[] = [
  {
    method: Clients.registerClient,
    base: { kind: ClientKind.CLIENT_KIND_WEB, settings },
    bad: [
      ['kind', [0, 9]],
      ...badWords,
      each('name', { name: '' }, ...badTexts(64).map((name) => ({ name }))),
      each(
        'redirect_uris',
        { redirectUris: [] },
        { redirectUris: ['http://shop.example/cb'] },
        { redirectUris: ['https://shop.example/#x'] },
        { redirectUris: ['https://a.example/', 'https://a.example/'] },
        { redirectUris: Array.from({ length: 21 }, (_, at) => `https://shop.example/${at}`) },
      ),
      each('post_logout_redirect_uris', { postLogoutRedirectUris: ['https://*.example/'] }),
      each('scopes', { scopes: ['nowhere'] }, { scopes: ['openid', 'openid'] }),
      each('grant_types', { grantTypes: [] }),
      each('auth_method', { authMethod: 'none' }),
      each('jwks', { authMethod: 'private_key_jwt' }, { jwks: '{}' }),
      each('access_token_ttl_ms', { accessTokenTtlMs: 1n }, { accessTokenTtlMs: 3_600_001n }),
      each('refresh_idle_ms', { refreshIdleMs: 1n }),
      each('refresh_absolute_ms', { refreshAbsoluteMs: 1n }),
      each('audiences', { audiences: [{ id: '', offline: false }] }),
      each('backchannel_logout_uri', { backchannelLogoutUri: 'http://shop.example/' }),
      ['secretExpiresAtMs', badTimes, 'secret_expires_at_ms'],
    ],
  },
  { method: Clients.getClient, base: { clientId: id }, bad: [ofClient] },
  { method: Clients.listClients, base: {}, bad: ofPage },
  {
    method: Clients.changeClient,
    base: { clientId: id, settings },
    bad: [ofClient, ...badWords],
  },
  { method: Clients.suspendClient, base: { clientId: id }, bad: [ofClient] },
  { method: Clients.resumeClient, base: { clientId: id }, bad: [ofClient] },
  { method: Clients.deleteClient, base: { clientId: id }, bad: [ofClient] },
  {
    method: Clients.createClientSecret,
    base: { clientId: id },
    bad: [ofClient, ['expiresAtMs', badTimes, 'expires_at_ms']],
  },
  {
    method: Clients.rotateClientSecret,
    base: { clientId: id },
    bad: [
      ofClient,
      ['credentialId', badIds, 'credential_id'],
      ['overlapMs', [-1n, 9_000_000_000n], 'overlap_ms'],
      ['expiresAtMs', badTimes, 'expires_at_ms'],
    ],
  },
  {
    method: Clients.revokeClientSecret,
    base: { clientId: id, credentialId: id },
    bad: [ofClient, ofCredential],
  },
  {
    method: Clients.bindCertificate,
    base: { principalId: id, name: 'x', spiffeId: 'spiffe://a/b' },
    bad: [
      ofPrincipal,
      ['name', ['', ...badTexts(64)]],
      ['spkiSha256', ['A'.repeat(43)], 'spki_sha256'],
      ['spiffeId', ['', 'spiffe://a'], 'spiffe_id'],
      ['expiresAtMs', badTimes, 'expires_at_ms'],
    ],
  },
  { method: Clients.removeCertificate, base: { credentialId: id }, bad: [ofCredential] },
  { method: Clients.listCertificates, base: { principalId: id }, bad: [ofPrincipal, ...ofPage] },
  {
    method: Consents.listConsents,
    base: { principalId: id },
    bad: [['principalId', badIds, 'principal_id'], ...ofPage],
  },
  {
    method: Consents.giveConsent,
    base: { clientId: id, scopes: ['openid'] },
    bad: [
      ofClient,
      ['scopes', [[], Array.from({ length: 51 }, (_, at) => `s${at}`), ['x'.repeat(129)]]],
      ['audience', ['x'.repeat(257)]],
      ['expiresAtMs', badTimes, 'expires_at_ms'],
    ],
  },
  {
    method: Consents.withdrawConsent,
    base: { clientId: id },
    bad: [ofClient, ['principalId', badIds, 'principal_id']],
  },
];
