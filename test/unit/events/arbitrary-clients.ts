import * as fc from 'fast-check';
import {
  clientAuthMethods,
  clientGrantTypes,
  clientKinds,
  endpointCredentials,
  endpointProtocols,
  linkPolicies,
  type ClientEvent,
  type EndpointEvent,
} from '#libs/events/catalogue.js';
import { bool, free, maybe, ms, ref, text, texts, type FieldsOf } from './arbitrary-fields.js';

const client = { client: text, principal: text };
const settings = fc.record({
  name: text,
  redirectUris: texts,
  postLogoutRedirectUris: texts,
  grantTypes: fc.subarray([...clientGrantTypes]),
  scopes: texts,
  authMethod: fc.constantFrom(...clientAuthMethods),
  jwks: maybe(free),
  pkceRequired: bool,
  dpopRequired: bool,
  parRequired: bool,
  accessTokenTtlMs: maybe(ms),
  refreshIdleMs: maybe(ms),
  refreshAbsoluteMs: maybe(ms),
  audiences: fc.array(fc.record({ id: text, offline: bool }), { maxLength: 3 }),
  firstParty: bool,
  backchannelLogoutUri: maybe(free),
});
const scope = { scope: text, description: free, permissions: texts, consentRequired: bool };
const rule = fc.record({
  rule: text,
  protocol: fc.constantFrom(...endpointProtocols),
  method: text,
  template: free,
  allScopes: texts,
  anyScopes: texts,
  permission: maybe(text),
  resourceTemplate: maybe(free),
  minAcr: maybe(free),
  maxAuthAgeMs: maybe(ms),
  credentialKinds: fc.subarray([...endpointCredentials]),
  public: bool,
  maxStalenessMs: maybe(ms),
});

export const clientFields: FieldsOf<(ClientEvent | EndpointEvent)['type']> = {
  ClientRegistered: { ...client, kind: fc.constantFrom(...clientKinds), settings },
  ClientChanged: { ...client, settings },
  ClientSuspended: client,
  ClientResumed: client,
  ClientDeleted: client,
  ConsentGiven: { ...client, scopes: texts, audience: free, expiresAtMs: maybe(ms) },
  ConsentWithdrawn: client,
  UpstreamProviderSet: {
    provider: text,
    displayName: free,
    issuer: text,
    clientId: text,
    clientSecret: maybe(ref),
    scopes: texts,
    enabled: bool,
    linkPolicy: fc.constantFrom(...linkPolicies),
    secondFactor: maybe(fc.record({ acrs: texts, amrs: texts })),
  },
  UpstreamProviderRemoved: { provider: text },
  ScopeDefined: scope,
  ScopeChanged: scope,
  ScopeRetired: { scope: text },
  EndpointRuleSet: { api: text, rule },
  EndpointRuleRemoved: {
    api: text,
    rule: text,
    protocol: fc.constantFrom(...endpointProtocols),
    method: text,
    template: free,
  },
  EndpointRulesReplaced: {
    api: text,
    sourceDigest: text,
    rules: fc.array(rule, { maxLength: 3 }),
  },
};
