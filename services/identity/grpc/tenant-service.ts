import { Failure } from '#libs/errors/failure.js';
import { systemTenant } from '#libs/events/envelope.js';
import type {
  CreateTenantRequest,
  CreateTenantResponse,
  DeleteTenantRequest,
  GetTenantRequest,
  ListTenantsRequest,
  Tenant,
  TenantServiceServer,
  UpdateTenantSettingsRequest,
} from '#proto/ledgate/identity/v1/tenant.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { createTenant, newTenantId } from '#services/identity/app/create-tenant.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import { slugProblem } from '#services/identity/domain/names/exact-name.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import { settingsProblems } from '#services/identity/domain/tenant/settings-problems.js';
import { slugs, tenants, tenantSettings } from '#services/identity/domain/tenant/state.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { listDocuments } from '#services/identity/grpc/list-page.js';
import { loginNameField, passwordField } from '#services/identity/grpc/name-fields.js';
import { settingsMessage, settingsOf } from '#services/identity/grpc/tenant-settings.js';

/** What remains of a deleted tenant may be erased after this long. */
const ERASE_AFTER_MS = 30 * 24 * 3_600_000;

export function tenantService(admission: Admission): TenantServiceServer {
  return {
    createTenant: admitted(admission, create),
    getTenant: admitted(admission, async (request: GetTenantRequest, call) => get(request, call)),
    listTenants: admitted(admission, async (request: ListTenantsRequest, call) =>
      list(request, call),
    ),
    updateTenantSettings: admitted(admission, updateSettings),
    suspendTenant: admitted(admission, suspend),
    resumeTenant: admitted(admission, resume),
    deleteTenant: admitted(admission, remove),
  };
}

async function create(
  request: CreateTenantRequest,
  call: AdmittedCall,
): Promise<CreateTenantResponse> {
  const { fields, parts } = call;
  const head = fields.head(request.options);
  const { slug, displayName, adminUsername, adminPassword } = request;
  const settings = settingsOf(call.fields, request.settings);
  fields.add('slug', slugProblem(slug));
  fields.add('display_name', freeTextProblem(displayName, 1, 128));
  for (const [field, problem] of settingsProblems(settings)) fields.add(field, problem);
  const wantsAdmin = adminUsername !== '' || adminPassword !== '';
  const username = wantsAdmin
    ? loginNameField(call, 'admin_username', 'USERNAME', adminUsername)
    : undefined;
  const words = { contextWords: [slug, displayName, adminUsername], settings };
  if (wantsAdmin) passwordField(call, 'admin_password', adminPassword, '', words);
  const tenant = newTenantId(parts, call.caller, head.commandId);
  const executed = await createTenant(parts, call.permitCommand({ tenant }, head), {
    tenant,
    slug,
    displayName,
    settings,
    admin: username && { username, shown: adminUsername, password: adminPassword },
    signal: call.context.signal,
  });
  const principal = executed.events.find((event) => event.type === 'PrincipalRegistered');
  return {
    result: resultOf(executed),
    tenantId: tenant,
    adminRoleId: executedEvent(executed.events, 'RoleCreated').role,
    adminPrincipalId: principal?.type === 'PrincipalRegistered' ? principal.principal : '',
  };
}

function get(request: GetTenantRequest, call: AdmittedCall): { tenant: Tenant } {
  const { fields, parts, caller } = call;
  const { tenantId, slug } = request;
  if (tenantId !== '' && slug !== '') fields.add('slug', 'give either tenant_id or slug');
  if (slug !== '') fields.add('slug', slugProblem(slug));
  fields.check();
  const own = tenantId === '' && slug === '';
  const view = documentsOf(parts.ledger.state);
  const id =
    slug === ''
      ? fields.tenant('tenant_id', own ? '' : tenantId, caller.tenant)
      : (slugs.read(view, '', slug)?.tenant ?? '');
  call.permitRead({ tenant: id });
  const tenant = tenantOf(call, id);
  if (tenant === undefined) throw new Failure('NOT_FOUND', 'no such tenant');
  return { tenant };
}

function list(
  request: ListTenantsRequest,
  call: AdmittedCall,
): { tenants: Tenant[]; nextPageToken: string } {
  const { entries, nextPageToken } = listDocuments<{ tenant: string }>(call, {
    tenant: '',
    kind: 'slug',
    target: { tenant: systemTenant },
    page: request.page,
  });
  const found = entries.flatMap(([, document]) => tenantOf(call, document.tenant) ?? []);
  return { tenants: found, nextPageToken };
}

async function updateSettings(request: UpdateTenantSettingsRequest, call: AdmittedCall) {
  const { fields } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const settings = settingsOf(fields, fields.present('settings', request.settings));
  for (const [field, problem] of settingsProblems(settings)) fields.add(field, problem);
  const command = { type: 'ChangeTenantSettings', settings } as const;
  return { result: resultOf(await call.run({ tenant }, head, command)) };
}

type Named = Pick<DeleteTenantRequest, 'options' | 'tenantId'>;

async function suspend(request: Named, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const command = { type: 'SuspendTenant' } as const;
  return { result: resultOf(await call.revoke({ tenant }, head, command)) };
}

async function resume(request: Named, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  return { result: resultOf(await call.run({ tenant }, head, { type: 'ResumeTenant' })) };
}

async function remove(request: DeleteTenantRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const { confirmSlug } = request;
  call.fields.add('confirm_slug', slugProblem(confirmSlug));
  const eraseAfterMs = call.nowMs + ERASE_AFTER_MS;
  const command = { type: 'DeleteTenant', confirmSlug, eraseAfterMs } as const;
  return { result: resultOf(await call.run({ tenant }, head, command)) };
}

function tenantOf(call: AdmittedCall, id: string): Tenant | undefined {
  const view = documentsOf(call.parts.ledger.state);
  const tenant = tenants.read(view, id, id);
  if (tenant === undefined) return undefined;
  const { slug, displayName, status } = tenant;
  const settings = settingsMessage(tenantSettings.read(view, id, id) ?? {});
  return { tenantId: id, slug, displayName, status, settings };
}
