import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

import { applyCredential } from './apply-credential.js';
import { applyEndpointRule } from './apply-endpoint.js';
import { applyGrant, applyGroup } from './apply-grant.js';
import { applyPrincipal } from './apply-principal.js';
import { applyPermission, applyRole } from './apply-role.js';
import { applyScope } from './apply-scope.js';
import { applySigningKey } from './apply-signing-key.js';
import { applyTenant } from './apply-tenant.js';
import { ViewState } from './view-state.js';

/**
 * The access view: ledger L folded into what a decision needs. Events are applied in the order of the
 * ledger. The fold is total: it never throws, never reads a clock, and a reference to something that
 * is not there is inert. Nothing is removed because its time is over: expiry is judged when asked.
 */
export class AccessView extends ViewState {
  apply(event: DomainEvent, ctx: EventContext): void {
    this.position = Math.max(this.position, ctx.position);
    switch (event.type) {
      case 'TenantCreated':
      case 'TenantSettingsChanged':
      case 'TenantSuspended':
      case 'TenantResumed':
      case 'TenantDeleted':
      case 'WatermarkRaised':
        return applyTenant(this, event, ctx);
      case 'PrincipalRegistered':
      case 'PrincipalSuspended':
      case 'PrincipalResumed':
      case 'SessionsInvalidated':
      case 'PrincipalDeleted':
      case 'PasswordSet':
      case 'PasswordRemoved':
        return applyPrincipal(this, event, ctx);
      case 'ApiKeyCreated':
      case 'ApiKeyRevoked':
      case 'CredentialBlocked':
      case 'CredentialUnblocked':
        return applyCredential(this, event, ctx);
      case 'PermissionDefined':
      case 'PermissionChanged':
      case 'PermissionRetired':
        return applyPermission(this, event, ctx);
      case 'RoleCreated':
      case 'RolePermissionsChanged':
      case 'RoleParentsChanged':
      case 'RoleRenamed':
      case 'RoleDeleted':
        return applyRole(this, event, ctx);
      case 'ScopeDefined':
      case 'ScopeChanged':
      case 'ScopeRetired':
        return applyScope(this, event, ctx);
      case 'EndpointRuleSet':
      case 'EndpointRuleRemoved':
      case 'EndpointRulesReplaced':
        return applyEndpointRule(this, event, ctx);
      case 'GroupCreated':
      case 'GroupDeleted':
      case 'GroupMemberAdded':
      case 'GroupMemberRemoved':
        return applyGroup(this, event, ctx);
      case 'RoleGranted':
      case 'GrantChanged':
      case 'GrantRevoked':
        return applyGrant(this, event, ctx);
      case 'SigningKeyPublished':
      case 'SigningKeyActivated':
      case 'SigningKeyRemoved':
      case 'SigningKeyCompromised':
        return applySigningKey(this, event, ctx);
      // No decision rests on these: names and profiles are identity's, a rehash keeps the version,
      // whoever is erased was deleted before.
      case 'LoginNameAdded':
      case 'LoginNameRemoved':
      case 'ProfileChanged':
      case 'SubjectErased':
      case 'PasswordRehashed':
      case 'CredentialRenamed':
        return;
      case 'ClientRegistered':
      case 'ClientChanged':
      case 'ClientSuspended':
      case 'ClientResumed':
      case 'ClientDeleted':
      case 'ConsentGiven':
      case 'ConsentWithdrawn':
        return;
      case 'LoginNameVerified':
      case 'ExternalIdentityLinked':
      case 'ExternalIdentityUnlinked':
      case 'TotpEnrolled':
      case 'OtpChannelEnrolled':
      case 'PasskeyRegistered':
      case 'RecoveryCodesGenerated':
      case 'RecoveryCodeConsumed':
      case 'CertificateBound':
      case 'ClientSecretCreated':
      case 'CredentialRemoved':
      case 'UpstreamProviderSet':
      case 'UpstreamProviderRemoved':
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
        return;
    }
  }

  /**
   * An accepted OPEN: the ledger was restored and goes on in a new epoch. Tokens, API keys and signing
   * keys from before are dead; principals, passwords, roles and grants are not. An epoch that is not
   * above the present one is no restore, and changes nothing.
   */
  open(epoch: number, position: number): void {
    this.position = Math.max(this.position, position);
    if (epoch <= this.epoch) return;
    this.epoch = epoch;
    this.openedAt = position;
  }

  /** Marks the write keys (16 bytes each) of a record that this build could not read. */
  quarantine(keyHashes: readonly Uint8Array[]): void {
    for (const hash of keyHashes) this.quarantined.add(hash);
  }
}
