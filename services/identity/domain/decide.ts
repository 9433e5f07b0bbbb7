import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { decideApiKey } from './api-key/decide.js';
import { createTenant, initialiseSystem, reopenSystem } from './bootstrap.js';
import type { Command, CommandType } from './commands.js';
import { decideOauth, isOauthCommand } from './decide-oauth.js';
import { bySystem, reject } from './decision.js';
import type { Rejection } from './decision.js';
import { decideErasure } from './erasure/decide.js';
import { decideGrant } from './grant/decide.js';
import { decideGroup } from './group/decide.js';
import { decideLoginName } from './login-name/decide.js';
import { decidePassword } from './password/decide.js';
import { decidePermission } from './permission/decide.js';
import { decidePrincipal } from './principal/decide.js';
import { decideRole } from './role/decide.js';
import { decideSigningKey } from './signing-key/decide.js';
import { decideTenant } from './tenant/decide.js';
import { tenants } from './tenant/state.js';
import { decideWatermark } from './watermark/decide.js';

/** What only the system tenant does to others, whatever the roles of a tenant say. */
const systemOnly: ReadonlySet<CommandType> = new Set([
  'InitialiseSystem',
  'ReopenSystem',
  'CreateTenant',
  'SuspendTenant',
  'ResumeTenant',
  'DeleteTenant',
]);

/** Decides any command on the state that `view` shows. Pure; expected refusals are values. */
export function decide(command: Command, view: DocumentReader, facts: Facts): Decision {
  if (systemOnly.has(command.type) && !bySystem(facts)) {
    return reject('PERMISSION_DENIED', 'only the system tenant may do this');
  }
  return tenantProblem(command.type, view, facts) ?? dispatch(command, view, facts);
}

/** A tenant that is not active takes commands of the system tenant only; a deleted one takes none. */
function tenantProblem(
  type: CommandType,
  view: DocumentReader,
  facts: Facts,
): Rejection | undefined {
  if (type === 'CreateTenant' || type === 'InitialiseSystem') return undefined;
  const tenant = tenants.read(view, facts.tenant, facts.tenant);
  if (tenant === undefined) return reject('NOT_FOUND', 'no such tenant');
  if (tenant.status === 'DELETED') return reject('WRONG_STATE', 'the tenant is deleted');
  if (tenant.status === 'ACTIVE' || bySystem(facts)) return undefined;
  return reject('WRONG_STATE', 'the tenant is suspended');
}

function dispatch(command: Command, view: DocumentReader, facts: Facts): Decision {
  if (isOauthCommand(command)) return decideOauth(command, view, facts);
  switch (command.type) {
    case 'InitialiseSystem':
      return initialiseSystem(command, view, facts);
    case 'ReopenSystem':
      return reopenSystem(command, view, facts);
    case 'CreateTenant':
      return createTenant(command, view, facts);
    case 'ChangeTenantSettings':
    case 'SuspendTenant':
    case 'ResumeTenant':
    case 'DeleteTenant':
      return decideTenant(command, view, facts);
    case 'RegisterPrincipal':
    case 'ChangeProfile':
    case 'SuspendPrincipal':
    case 'ResumePrincipal':
    case 'InvalidateSessions':
    case 'DeletePrincipal':
      return decidePrincipal(command, view, facts);
    case 'EraseSubject':
      return decideErasure(command, view, facts);
    case 'AddLoginName':
    case 'RemoveLoginName':
    case 'VerifyLoginName':
      return decideLoginName(command, view, facts);
    case 'SetPassword':
    case 'RehashPassword':
    case 'RemovePassword':
      return decidePassword(command, view, facts);
    case 'CreateApiKey':
    case 'RotateApiKey':
    case 'RevokeApiKey':
    case 'RenameCredential':
    case 'BlockCredential':
    case 'UnblockCredential':
      return decideApiKey(command, view, facts);
    case 'DefinePermission':
    case 'ChangePermission':
    case 'RetirePermission':
      return decidePermission(command, view, facts);
    case 'CreateRole':
    case 'ChangeRolePermissions':
    case 'ChangeRoleParents':
    case 'RenameRole':
    case 'DeleteRole':
      return decideRole(command, view, facts);
    case 'CreateGroup':
    case 'DeleteGroup':
    case 'AddGroupMember':
    case 'RemoveGroupMember':
      return decideGroup(command, view, facts);
    case 'GrantRole':
    case 'ChangeGrant':
    case 'RevokeGrant':
      return decideGrant(command, view, facts);
    case 'PublishSigningKey':
    case 'ActivateSigningKey':
    case 'RotateSigningKey':
    case 'RemoveSigningKey':
    case 'CompromiseSigningKey':
      return decideSigningKey(command, view, facts);
    case 'RaiseWatermark':
      return decideWatermark(command, view, facts);
  }
}
