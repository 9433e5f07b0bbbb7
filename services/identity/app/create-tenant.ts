import { createHmac } from 'node:crypto';
import type { TenantSettings } from '#libs/events/catalogue.js';
import type { Caller } from '#services/identity/app/caller.js';
import {
  execute,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { sealPassword } from '#services/identity/app/passwords.js';
import { sealing } from '#services/identity/app/sealing.js';
import type { CreateTenant } from '#services/identity/domain/tenant/commands.js';
import type { CanonicalLoginName } from '#services/identity/ports/login-name-index.js';

export interface NewTenant {
  readonly tenant: string;
  readonly slug: string;
  readonly displayName: string;
  readonly settings: TenantSettings;
  readonly admin: NewAdmin | undefined;
  readonly signal: AbortSignal;
}

export interface NewAdmin {
  readonly username: CanonicalLoginName;
  /** The name as it was typed. */
  readonly shown: string;
  readonly password: string;
}

/**
 * Id of the tenant to make. Commands are remembered within the tenant they are about, so a repeated
 * command must name the same tenant again: its id then follows from the command's (UUIDv8).
 */
export function newTenantId(parts: IdentityParts, caller: Caller, commandId: string): string {
  if (commandId === '') return parts.ids.uuid();
  const cluster = parts.ledger.fold.cluster?.clusterId ?? '';
  const name = JSON.stringify(['tenant', caller.tenant, caller.principal, commandId]);
  const bytes = createHmac('sha256', cluster).update(name).digest().subarray(0, 16);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  const hex = bytes.toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, '$1-$2-$3-$4-$5');
}

/** A tenant with its index key, its admin role, and its first administrator if there is one. */
export function createTenant(
  parts: IdentityParts,
  call: CommandCall,
  given: NewTenant,
): Promise<Executed> {
  return sealing(parts, (sealed) => create(sealed, call, given));
}

async function create(
  parts: IdentityParts,
  call: CommandCall,
  given: NewTenant,
): Promise<Executed> {
  const { tenant, slug, displayName, settings } = given;
  const blindIndexKey = await parts.loginNames.createKey(tenant);
  const admin = given.admin && (await firstAdmin(parts, tenant, given.admin, given.signal));
  return execute(parts, call, {
    type: 'CreateTenant',
    slug,
    displayName,
    settings,
    blindIndexKey,
    adminRole: parts.ids.uuid(),
    admin,
  });
}

async function firstAdmin(
  parts: IdentityParts,
  tenant: string,
  admin: NewAdmin,
  signal: AbortSignal,
): Promise<NonNullable<CreateTenant['admin']>> {
  const principal = parts.ids.uuid();
  const { username, shown } = admin;
  const blindIndex = await parts.loginNames.indexOf(tenant, username);
  const owner = { tenant, principal };
  const value = await parts.secrets.seal(Buffer.from(shown, 'utf8'), {
    class: 'PROFILE',
    ...owner,
  });
  const sealed = await sealPassword(parts, owner, admin.password, signal);
  return {
    grant: parts.ids.uuid(),
    principal: {
      type: 'RegisterPrincipal',
      principal,
      kind: 'USER',
      loginNames: [{ kind: 'USERNAME', blindIndex, value, verified: true }],
      origin: 'ADMIN',
      password: { credential: parts.ids.uuid(), ...sealed, mustChange: false },
    },
  };
}
