import type { DomainEvent, SessionLedgerEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { ledgerOf } from '#libs/events/ledger-of.js';

import { applyClient } from './apply-client.js';
import { applyCredential } from './apply-credential.js';
import { applyEndpointRule } from './apply-endpoint.js';
import { applyGrant, applyGroup } from './apply-grant.js';
import { applyPrincipal } from './apply-principal.js';
import { applyPermission, applyRole } from './apply-role.js';
import { applyScope } from './apply-scope.js';
import { applySigningKey } from './apply-signing-key.js';
import { applyTenant } from './apply-tenant.js';
import { ViewState } from './view-state.js';

/** Events that no decision rests on, and those of ledger S, which `SessionView` is made of. */
type Inert =
  | SessionLedgerEvent
  | Extract<
      DomainEvent,
      {
        type:
          | 'LoginNameAdded'
          | 'LoginNameRemoved'
          | 'LoginNameVerified'
          | 'ExternalIdentityLinked'
          | 'ExternalIdentityUnlinked'
          | 'ProfileChanged'
          | 'SubjectErased'
          | 'PasswordRehashed'
          | 'CredentialRenamed'
          | 'TotpEnrolled'
          | 'OtpChannelEnrolled'
          | 'PasskeyRegistered'
          | 'RecoveryCodesGenerated'
          | 'RecoveryCodeConsumed'
          | 'CertificateBound'
          | 'ClientSecretCreated'
          | 'ClientChanged'
          | 'UpstreamProviderSet'
          | 'UpstreamProviderRemoved';
      }
    >;

/** Names, profiles and second factors are identity's; a rehash keeps the version of the password. */
const inertOfL: Readonly<Record<Exclude<Inert, SessionLedgerEvent>['type'], true>> = {
  LoginNameAdded: true,
  LoginNameRemoved: true,
  LoginNameVerified: true,
  ExternalIdentityLinked: true,
  ExternalIdentityUnlinked: true,
  ProfileChanged: true,
  SubjectErased: true,
  PasswordRehashed: true,
  CredentialRenamed: true,
  TotpEnrolled: true,
  OtpChannelEnrolled: true,
  PasskeyRegistered: true,
  RecoveryCodesGenerated: true,
  RecoveryCodeConsumed: true,
  CertificateBound: true,
  ClientSecretCreated: true,
  ClientChanged: true,
  UpstreamProviderSet: true,
  UpstreamProviderRemoved: true,
};

function isInert(event: DomainEvent): event is Inert {
  return Object.hasOwn(inertOfL, event.type) || ledgerOf(event.type) === 'S';
}

/**
 * The access view: ledger L folded into what a decision needs. Events are applied in the order of the
 * ledger. The fold is total: it never throws, never reads a clock, and a reference to something that
 * is not there is inert. Nothing is removed because its time is over: expiry is judged when asked.
 */
export class AccessView extends ViewState {
  apply(event: DomainEvent, ctx: EventContext): void {
    this.position = Math.max(this.position, ctx.position);
    if (isInert(event)) return;
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
      case 'CredentialRemoved':
        return applyCredential(this, event, ctx);
      case 'ClientRegistered':
      case 'ClientSuspended':
      case 'ClientResumed':
      case 'ClientDeleted':
      case 'ConsentGiven':
      case 'ConsentWithdrawn':
        return applyClient(this, event, ctx);
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
