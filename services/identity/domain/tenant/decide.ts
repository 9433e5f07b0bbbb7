import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { DomainEvent, TenantSettings } from '#libs/events/catalogue.js';
import { systemTenant } from '#libs/events/envelope.js';
import { builtInPermissions } from '#services/identity/domain/built-in-permissions.js';
import { accept, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import { slugProblem } from '#services/identity/domain/names/exact-name.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import type {
  ChangeTenantSettings,
  CreateTenant,
  DeleteTenant,
  TenantCommand,
} from './commands.js';
import { settingsProblems } from './settings-problems.js';
import { mergeSettings, slugs, tenants, tenantSettings } from './state.js';
import type { TenantDocument } from './state.js';

/** Decides everything but CreateTenant, which the bootstrap composes of several steps. */
export function decideTenant(
  command: Exclude<TenantCommand, CreateTenant>,
  view: DocumentReader,
  facts: Facts,
): Decision {
  const tenant = tenants.read(view, facts.tenant, facts.tenant);
  if (tenant === undefined) return reject('NOT_FOUND', 'no such tenant');
  switch (command.type) {
    case 'ChangeTenantSettings':
      return changeSettings(command, view, facts);
    case 'SuspendTenant':
      return ownCluster(facts) ?? move(tenant, 'ACTIVE', { type: 'TenantSuspended' });
    case 'ResumeTenant':
      return move(tenant, 'SUSPENDED', { type: 'TenantResumed' });
    case 'DeleteTenant':
      return ownCluster(facts) ?? deleteTenant(command, tenant);
  }
}

/** The tenant itself, its built-in permissions and its `admin` role, which permits everything. */
export function decideNewTenant(
  command: CreateTenant,
  view: DocumentReader,
  facts: Facts,
): Decision {
  const { slug, displayName, settings, blindIndexKey, adminRole } = command;
  const refused = refuseFields(
    ['slug', slugProblem(slug)],
    ['display_name', freeTextProblem(displayName, 1, 128)],
    ...settingsProblems(settings),
  );
  if (refused !== undefined) return refused;
  if (tenants.read(view, facts.tenant, facts.tenant) !== undefined) {
    return reject('ALREADY_EXISTS', 'the tenant exists');
  }
  if (slugs.read(view, '', slug) !== undefined) return reject('NAME_TAKEN', 'the slug is taken');
  return accept(
    { type: 'TenantCreated', slug, displayName, settings, blindIndexKey },
    ...builtInPermissions(facts.tenant === systemTenant),
    {
      type: 'RoleCreated',
      role: adminRole,
      name: 'admin',
      permissions: ['*'],
      parents: [],
      admin: true,
    },
  );
}

function changeSettings(
  { settings }: ChangeTenantSettings,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const before = tenantSettings.read(view, tenant, tenant) ?? {};
  const after = mergeSettings(before, settings);
  const refused = refuseFields(...settingsProblems(after));
  if (refused !== undefined) return refused;
  const names = Object.keys(after) as (keyof TenantSettings)[];
  const changed = names.filter((name) => !sameSetting(after[name], before[name]));
  if (changed.length === 0) return accept();
  const only = Object.fromEntries(changed.map((name) => [name, after[name]]));
  return accept({ type: 'TenantSettingsChanged', settings: only });
}

/** The policy of factors is an object; whatever else there is compares by itself. */
function sameSetting(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b));
}

function deleteTenant(command: DeleteTenant, { slug }: TenantDocument): Decision {
  const { confirmSlug, eraseAfterMs } = command;
  const other = confirmSlug === slug ? undefined : 'is not the slug of this tenant';
  const refused = refuseFields(['confirm_slug', other]);
  return refused ?? accept({ type: 'TenantDeleted', slug, eraseAfterMs });
}

function move(
  tenant: TenantDocument,
  from: TenantDocument['status'],
  event: DomainEvent,
): Decision {
  if (tenant.status === from) return accept(event);
  return reject('WRONG_STATE', `the tenant is ${tenant.status.toLowerCase()}`);
}

/** Without the system tenant nobody could operate the cluster. */
function ownCluster({ tenant }: Facts): Rejection | undefined {
  if (tenant !== systemTenant) return undefined;
  return reject('WRONG_STATE', 'the system tenant can be neither suspended nor deleted');
}
