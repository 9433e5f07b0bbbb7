import type { ApiKeyCommand } from './api-key/commands.js';
import type { InitialiseSystem, ReopenSystem } from './bootstrap.js';
import type { CertificateCommand } from './certificate/commands.js';
import type { ClientCommand } from './client/commands.js';
import type { ConsentCommand } from './consent/commands.js';
import type { EndpointRuleCommand } from './endpoint-rule/commands.js';
import type { ErasureCommand } from './erasure/commands.js';
import type { FactorCommand } from './factor/commands.js';
import type { GrantCommand } from './grant/commands.js';
import type { GroupCommand } from './group/commands.js';
import type { LoginNameCommand } from './login-name/commands.js';
import type { PasswordCommand } from './password/commands.js';
import type { PermissionCommand } from './permission/commands.js';
import type { PrincipalCommand } from './principal/commands.js';
import type { RoleCommand } from './role/commands.js';
import type { ScopeCommand } from './scope/commands.js';
import type { SigningKeyCommand } from './signing-key/commands.js';
import type { TenantCommand } from './tenant/commands.js';
import type { UpstreamCommand } from './upstream/commands.js';
import type { RaiseWatermark } from './watermark/commands.js';

/** Everything that identity can be told to do. */
export type Command =
  | InitialiseSystem
  | ReopenSystem
  | TenantCommand
  | PrincipalCommand
  | ErasureCommand
  | LoginNameCommand
  | PasswordCommand
  | FactorCommand
  | ApiKeyCommand
  | CertificateCommand
  | ClientCommand
  | ConsentCommand
  | UpstreamCommand
  | PermissionCommand
  | RoleCommand
  | ScopeCommand
  | EndpointRuleCommand
  | GroupCommand
  | GrantCommand
  | SigningKeyCommand
  | RaiseWatermark;

export type CommandType = Command['type'];
