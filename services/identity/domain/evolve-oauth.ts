import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent, EventType } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { evolveCertificate } from './certificate/state.js';
import { evolveClient, evolveClientSecret } from './client/state.js';
import { evolveConsent } from './consent/state.js';
import { evolveEndpointRule } from './endpoint-rule/state.js';
import { evolveFactor, evolveRemovedFactor } from './factor/state.js';
import { evolveScope } from './scope/state.js';
import { evolveLink, evolveUpstream } from './upstream/state.js';

const oauthTypes = {
  TotpEnrolled: true,
  OtpChannelEnrolled: true,
  PasskeyRegistered: true,
  RecoveryCodesGenerated: true,
  RecoveryCodeConsumed: true,
  ExternalIdentityLinked: true,
  ExternalIdentityUnlinked: true,
  CredentialRemoved: true,
  CertificateBound: true,
  ClientSecretCreated: true,
  ScopeDefined: true,
  ScopeChanged: true,
  ScopeRetired: true,
  EndpointRuleSet: true,
  EndpointRuleRemoved: true,
  EndpointRulesReplaced: true,
  ClientRegistered: true,
  ClientChanged: true,
  ClientSuspended: true,
  ClientResumed: true,
  ClientDeleted: true,
  ConsentGiven: true,
  ConsentWithdrawn: true,
  UpstreamProviderSet: true,
  UpstreamProviderRemoved: true,
} as const satisfies Partial<Record<EventType, true>>;

type OauthEvent = Extract<DomainEvent, { type: keyof typeof oauthTypes }>;

/** Second factors and other credentials, clients and consents, scopes and endpoint rules. */
export function isOauthEvent(event: DomainEvent): event is OauthEvent {
  return Object.hasOwn(oauthTypes, event.type);
}

export function evolveOauth(event: OauthEvent, to: DocumentWriter, context: EventContext): void {
  switch (event.type) {
    case 'TotpEnrolled':
    case 'OtpChannelEnrolled':
    case 'PasskeyRegistered':
    case 'RecoveryCodesGenerated':
    case 'RecoveryCodeConsumed':
      return evolveFactor(event, to, context);
    case 'ExternalIdentityLinked':
    case 'ExternalIdentityUnlinked':
      return evolveLink(event, to, context);
    case 'CredentialRemoved':
      return evolveRemoved(event, to, context);
    case 'CertificateBound':
      return evolveCertificate(event, to, context);
    case 'ClientSecretCreated':
      return evolveClientSecret(event, to, context);
    case 'ScopeDefined':
    case 'ScopeChanged':
    case 'ScopeRetired':
      return evolveScope(event, to, context);
    case 'EndpointRuleSet':
    case 'EndpointRuleRemoved':
    case 'EndpointRulesReplaced':
      return evolveEndpointRule(event, to, context);
    case 'ClientRegistered':
    case 'ClientChanged':
    case 'ClientSuspended':
    case 'ClientResumed':
    case 'ClientDeleted':
      return evolveClient(event, to, context);
    case 'ConsentGiven':
    case 'ConsentWithdrawn':
      return evolveConsent(event, to, context);
    case 'UpstreamProviderSet':
    case 'UpstreamProviderRemoved':
      return evolveUpstream(event, to, context);
  }
}

/** Each kind of credential stands in a list of its own. */
function evolveRemoved(
  event: Extract<DomainEvent, { type: 'CredentialRemoved' }>,
  to: DocumentWriter,
  context: EventContext,
): void {
  switch (event.kind) {
    case 'CLIENT_SECRET':
      // One of no client names no list: nothing that a decider of ours would make.
      return event.client === undefined ? undefined : evolveClientSecret(event, to, context);
    case 'CERTIFICATE':
      return evolveCertificate(event, to, context);
    case 'TOTP':
    case 'OTP_CHANNEL':
    case 'PASSKEY':
    case 'RECOVERY_CODES':
      return evolveRemovedFactor(event, to, context);
  }
}
