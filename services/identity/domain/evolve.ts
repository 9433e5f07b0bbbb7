import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { evolveApiKey } from './api-key/state.js';
import { evolveCertificate } from './certificate/state.js';
import { evolveClient, evolveClientSecret } from './client/state.js';
import { evolveConsent } from './consent/state.js';
import { evolveEndpointRule } from './endpoint-rule/state.js';
import { evolveSessionLedger } from './evolve-session.js';
import { evolveFactor, evolveRemovedFactor } from './factor/state.js';
import { evolveGrant } from './grant/state.js';
import { evolveGroup } from './group/state.js';
import { evolveLoginName } from './login-name/state.js';
import { evolvePassword } from './password/state.js';
import { evolvePermission } from './permission/state.js';
import { evolvePrincipal } from './principal/state.js';
import { evolveRole } from './role/state.js';
import { evolveScope } from './scope/state.js';
import { evolveSigningKey } from './signing-key/state.js';
import { evolveTenant } from './tenant/state.js';
import { evolveWatermark } from './watermark/state.js';

/** Applies any event to the documents under its keys. Never looks at a clock, never throws. */
export function evolve(event: DomainEvent, to: DocumentWriter, context: EventContext): void {
  switch (event.type) {
    case 'TenantCreated':
    case 'TenantSettingsChanged':
    case 'TenantSuspended':
    case 'TenantResumed':
    case 'TenantDeleted':
      return evolveTenant(event, to, context);
    case 'PrincipalRegistered':
    case 'ProfileChanged':
    case 'PrincipalSuspended':
    case 'PrincipalResumed':
    case 'SessionsInvalidated':
    case 'PrincipalDeleted':
    case 'SubjectErased':
      return evolvePrincipal(event, to, context);
    case 'LoginNameAdded':
    case 'LoginNameRemoved':
    case 'LoginNameVerified':
      return evolveLoginName(event, to, context);
    case 'PasswordSet':
    case 'PasswordRehashed':
    case 'PasswordRemoved':
      return evolvePassword(event, to, context);
    case 'ApiKeyCreated':
    case 'ApiKeyRevoked':
    case 'CredentialRenamed':
    case 'CredentialBlocked':
    case 'CredentialUnblocked':
      return evolveApiKey(event, to, context);
    case 'PermissionDefined':
    case 'PermissionChanged':
    case 'PermissionRetired':
      return evolvePermission(event, to, context);
    case 'RoleCreated':
    case 'RolePermissionsChanged':
    case 'RoleParentsChanged':
    case 'RoleRenamed':
    case 'RoleDeleted':
      return evolveRole(event, to, context);
    case 'GroupCreated':
    case 'GroupDeleted':
    case 'GroupMemberAdded':
    case 'GroupMemberRemoved':
      return evolveGroup(event, to, context);
    case 'RoleGranted':
    case 'GrantChanged':
    case 'GrantRevoked':
      return evolveGrant(event, to, context);
    case 'SigningKeyPublished':
    case 'SigningKeyActivated':
    case 'SigningKeyRemoved':
    case 'SigningKeyCompromised':
      return evolveSigningKey(event, to, context);
    case 'WatermarkRaised':
      return evolveWatermark(event, to, context);
    case 'TotpEnrolled':
    case 'OtpChannelEnrolled':
    case 'PasskeyRegistered':
    case 'RecoveryCodesGenerated':
    case 'RecoveryCodeConsumed':
      return evolveFactor(event, to, context);
    case 'ExternalIdentityLinked':
    case 'ExternalIdentityUnlinked':
      return;
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
      return;
    case 'SessionStarted':
    case 'SessionSteppedUp':
    case 'SessionExtended':
    case 'SessionEnded':
    case 'RefreshFamilyStarted':
    case 'RefreshRotated':
    case 'RefreshFamilyRevoked':
    case 'TokenRevoked':
    case 'ChallengeIssued':
    case 'ChallengeAttempted':
    case 'AuthorizationCodeIssued':
    case 'AuthorizationCodeReplayed':
    case 'AssertionUsed':
    case 'DeviceCodeIssued':
    case 'DeviceCodeApproved':
    case 'DeviceCodeDenied':
    case 'DeviceCodeRedeemed':
    case 'AttemptsRecorded':
    case 'SessionLinked':
      return evolveSessionLedger(event, to, context);
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
    default:
      return evolveRemovedFactor(event, to, context);
  }
}
