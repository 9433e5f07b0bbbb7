import * as wire from '#proto/ledgate/ledger/v1/client_events.js';
import * as endpoint from '#proto/ledgate/ledger/v1/endpoint_events.js';
import {
  clientAuthMethods,
  clientGrantTypes,
  clientKinds,
  endpointCredentials,
  endpointProtocols,
  linkPolicies,
} from './catalogue.js';
import { format, principal, vaultRef } from './event-format.js';
import type { FieldRules } from './field-rules.js';

const client: FieldRules = { client: 'text', ...principal };
const settings: FieldRules = {
  name: 'text',
  redirectUris: 'texts',
  postLogoutRedirectUris: 'texts',
  grantTypes: { eachOf: clientGrantTypes },
  scopes: 'texts',
  authMethod: clientAuthMethods,
  audiences: { each: { id: 'text' } },
};
const scope: FieldRules = { scope: 'text', permissions: 'texts' };
const rule: FieldRules = {
  rule: 'text',
  protocol: endpointProtocols,
  method: 'text',
  allScopes: 'texts',
  anyScopes: 'texts',
  credentialKinds: { eachOf: endpointCredentials },
};

/** OAuth clients, consents, upstream providers; scopes and the rules of endpoints. */
export const clientFormats = {
  ClientRegistered: format('ClientRegistered', 'client', wire.ClientRegistered, {
    ...client,
    kind: clientKinds,
    settings: { message: settings },
  }),
  ClientChanged: format('ClientChanged', 'client', wire.ClientChanged, {
    ...client,
    settings: { message: settings },
  }),
  ClientSuspended: format('ClientSuspended', 'client', wire.ClientSuspended, client),
  ClientResumed: format('ClientResumed', 'client', wire.ClientResumed, client),
  ClientDeleted: format('ClientDeleted', 'client', wire.ClientDeleted, client),
  ConsentGiven: format('ConsentGiven', 'consent', wire.ConsentGiven, {
    ...client,
    scopes: 'texts',
  }),
  ConsentWithdrawn: format('ConsentWithdrawn', 'consent', wire.ConsentWithdrawn, client),
  UpstreamProviderSet: format('UpstreamProviderSet', 'upstream', wire.UpstreamProviderSet, {
    provider: 'text',
    issuer: 'text',
    clientId: 'text',
    clientSecret: { optional: vaultRef },
    scopes: 'texts',
    linkPolicy: linkPolicies,
    secondFactor: { optional: { acrs: 'texts', amrs: 'texts' } },
  }),
  UpstreamProviderRemoved: format(
    'UpstreamProviderRemoved',
    'upstream',
    wire.UpstreamProviderRemoved,
    { provider: 'text' },
  ),

  ScopeDefined: format('ScopeDefined', 'scope', endpoint.ScopeDefined, scope),
  ScopeChanged: format('ScopeChanged', 'scope', endpoint.ScopeChanged, scope),
  ScopeRetired: format('ScopeRetired', 'scope', endpoint.ScopeRetired, { scope: 'text' }),
  EndpointRuleSet: format('EndpointRuleSet', 'endpoint', endpoint.EndpointRuleSet, {
    api: 'text',
    rule: { message: rule },
  }),
  EndpointRuleRemoved: format('EndpointRuleRemoved', 'endpoint', endpoint.EndpointRuleRemoved, {
    api: 'text',
    rule: 'text',
    protocol: endpointProtocols,
    method: 'text',
  }),
  EndpointRulesReplaced: format(
    'EndpointRulesReplaced',
    'endpoint',
    endpoint.EndpointRulesReplaced,
    { api: 'text', rules: { each: rule } },
  ),
};
