import type { UpstreamProvider } from '#proto/ledgate/identity/v1/upstream.js';

/** A provider as it may be set. */
export const sampleProvider: UpstreamProvider = {
  provider: 'corp',
  displayName: 'Corp',
  issuer: 'https://login.corp.example',
  clientId: 'ledgate',
  scopes: ['openid', 'email'],
  enabled: true,
  makesAccounts: false,
  hasSecret: false,
  twoFactorAcrs: ['urn:corp:two'],
  twoFactorAmrs: ['mfa'],
  redirectUri: '',
};
