import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { isSessionLedgerEvent } from '#libs/events/ledger-of.js';
import { evolveApiKey } from './api-key/state.js';
import { evolveOauth, isOauthEvent } from './evolve-oauth.js';
import { evolveSessionLedger } from './evolve-session.js';
import { evolveGrant } from './grant/state.js';
import { evolveGroup } from './group/state.js';
import { evolveLoginName } from './login-name/state.js';
import { evolvePassword } from './password/state.js';
import { evolvePermission } from './permission/state.js';
import { evolvePrincipal } from './principal/state.js';
import { evolveRole } from './role/state.js';
import { evolveSigningKey } from './signing-key/state.js';
import { evolveTenant } from './tenant/state.js';
import { evolveWatermark } from './watermark/state.js';

/** Applies any event to the documents under its keys. Never looks at a clock, never throws. */
export function evolve(event: DomainEvent, to: DocumentWriter, context: EventContext): void {
  if (isSessionLedgerEvent(event)) return evolveSessionLedger(event, to, context);
  if (isOauthEvent(event)) return evolveOauth(event, to, context);
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
  }
}
