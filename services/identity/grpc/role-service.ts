import { Failure } from '#libs/errors/failure.js';
import type { Risk as RiskName } from '#libs/events/catalogue.js';
import {
  Risk,
  type ChangeRoleParentsRequest,
  type ChangeRolePermissionsRequest,
  type CreateRoleRequest,
  type DefinePermissionRequest,
  type DeleteRoleRequest,
  type GetRoleRequest,
  type ListPermissionsRequest,
  type ListPermissionsResponse,
  type ListRolesRequest,
  type ListRolesResponse,
  type RenameRoleRequest,
  type RetirePermissionRequest,
  type Role,
  type RoleServiceServer,
} from '#proto/ledgate/identity/v1/role.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import {
  eachProblem,
  exactNameProblem,
  permissionPatternProblem,
  permissionProblem,
  reservedProblem,
} from '#services/identity/domain/names/exact-name.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import type { PermissionDocument } from '#services/identity/domain/permission/state.js';
import { mostNamedAtOnce, mostParents } from '#services/identity/domain/role/role-problems.js';
import {
  roleNameOf,
  roleNames,
  roles,
  type RoleDocument,
} from '#services/identity/domain/role/state.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { listDocuments } from '#services/identity/grpc/list-page.js';

const risks = new Map<number, RiskName>([
  [Risk.RISK_NORMAL, 'NORMAL'],
  [Risk.RISK_SENSITIVE, 'SENSITIVE'],
]);

export function roleService(admission: Admission): RoleServiceServer {
  return {
    definePermission: admitted(admission, setPermission('DefinePermission')),
    changePermission: admitted(admission, setPermission('ChangePermission')),
    retirePermission: admitted(admission, retirePermission),
    listPermissions: admitted(admission, async (request: ListPermissionsRequest, call) =>
      listPermissions(request, call),
    ),
    createRole: admitted(admission, createRole),
    getRole: admitted(admission, async (request: GetRoleRequest, call) => getRole(request, call)),
    listRoles: admitted(admission, async (request: ListRolesRequest, call) =>
      listRoles(request, call),
    ),
    changeRolePermissions: admitted(admission, changePermissions),
    changeRoleParents: admitted(admission, changeParents),
    renameRole: admitted(admission, renameRole),
    deleteRole: admitted(admission, deleteRole),
  };
}

function setPermission(type: 'DefinePermission' | 'ChangePermission') {
  return async (request: DefinePermissionRequest, call: AdmittedCall) => {
    const { fields } = call;
    const head = fields.head(request.options);
    const tenant = call.tenantOf(request.tenantId);
    const given = fields.present('permission', request.permission);
    fields.check();
    const { name = '', resourceType = '', description = '', maxStalenessMs = 0n } = given ?? {};
    const risk = fields.choice('permission.risk', given?.risk ?? 0, risks, 'NORMAL');
    fields.add('permission.name', permissionProblem(name) ?? reservedProblem(name));
    if (resourceType !== '') {
      fields.add('permission.resource_type', exactNameProblem(resourceType));
    }
    fields.add('permission.description', freeTextProblem(description, 0, 256));
    const limitMs =
      maxStalenessMs === 0n
        ? undefined
        : fields.duration('permission.max_staleness_ms', maxStalenessMs, 1000, 900_000);
    const auditRequired = given?.auditRequired === true ? (true as const) : undefined;
    const limits = { maxStalenessMs: limitMs, auditRequired };
    const facts = { permission: name, resourceType, description, risk, ...limits };
    return { result: resultOf(await call.run({ tenant }, head, { type, ...facts })) };
  };
}

async function retirePermission(request: RetirePermissionRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const { name } = request;
  call.fields.add('name', permissionProblem(name) ?? reservedProblem(name));
  const command = { type: 'RetirePermission', permission: name } as const;
  return { result: resultOf(await call.run({ tenant }, head, command)) };
}

function listPermissions(
  request: ListPermissionsRequest,
  call: AdmittedCall,
): ListPermissionsResponse {
  const tenant = call.tenantOf(request.tenantId);
  const { entries, nextPageToken } = listDocuments<PermissionDocument>(call, {
    tenant,
    kind: 'permission',
    target: { tenant },
    page: request.page,
  });
  const permissions = entries
    .filter(([, { status }]) => status === 'DEFINED')
    .map(([name, { resourceType, description, risk, maxStalenessMs, auditRequired }]) => ({
      name,
      resourceType,
      description,
      risk: risk === 'SENSITIVE' ? Risk.RISK_SENSITIVE : Risk.RISK_NORMAL,
      maxStalenessMs: BigInt(maxStalenessMs ?? 0),
      auditRequired: auditRequired ?? false,
    }));
  return { permissions, nextPageToken };
}

async function createRole(request: CreateRoleRequest, call: AdmittedCall) {
  const { fields, caller, guard } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const { name, permissions, admin } = request;
  fields.add('name', exactNameProblem(name));
  patternsField(call, 'permissions', permissions);
  const parents = fields.ids('parent_role_ids', request.parentRoleIds, mostParents);
  const role = call.parts.ids.uuid();
  const executed = await call.run(
    { tenant },
    head,
    { type: 'CreateRole', role, name, permissions, parents, admin },
    () => {
      if (admin) guard.requireAdmin(caller);
      guard.mayList(caller, permissions);
      guard.mayConfer(caller, tenant, parents);
    },
  );
  const created = executedEvent(executed.events, 'RoleCreated');
  return { result: resultOf(executed), roleId: created.role };
}

function getRole(request: GetRoleRequest, call: AdmittedCall): { role: Role } {
  const tenant = call.tenantOf(request.tenantId);
  const { roleId, name } = request;
  call.fields.oneOf({ role_id: roleId, name });
  if (roleId !== '') call.fields.id('role_id', roleId);
  if (name !== '') call.fields.add('name', exactNameProblem(name));
  const view = documentsOf(call.parts.ledger.state);
  const id = roleId === '' ? roleNames.read(view, tenant, name)?.role : roleId;
  call.permitRead({ tenant, role: id });
  const document = id === undefined ? undefined : roles.read(view, tenant, id);
  if (id === undefined || document === undefined) throw new Failure('NOT_FOUND', 'no such role');
  return { role: roleMessage(call, tenant, id, document) };
}

function listRoles(request: ListRolesRequest, call: AdmittedCall): ListRolesResponse {
  const tenant = call.tenantOf(request.tenantId);
  const { entries, nextPageToken } = listDocuments<RoleDocument>(call, {
    tenant,
    kind: 'role',
    target: { tenant },
    page: request.page,
  });
  const found = entries.map(([id, document]) => roleMessage(call, tenant, id, document));
  return { roles: found, nextPageToken };
}

async function changePermissions(request: ChangeRolePermissionsRequest, call: AdmittedCall) {
  const { head, tenant, role } = onRole(request, call);
  const { add, remove } = request;
  patternsField(call, 'add', add);
  patternsField(call, 'remove', remove);
  if (add.length + remove.length === 0) call.fields.add('add', 'there is nothing to change');
  const executed = await call.run(
    { tenant, role },
    head,
    { type: 'ChangeRolePermissions', role, add, remove },
    () => {
      call.guard.mayList(call.caller, add);
      call.guard.mayConfer(call.caller, tenant, [role]);
    },
  );
  return { result: resultOf(executed) };
}

async function changeParents(request: ChangeRoleParentsRequest, call: AdmittedCall) {
  const { head, tenant, role } = onRole(request, call);
  const add = call.fields.ids('add_role_ids', request.addRoleIds, mostParents);
  const remove = call.fields.ids('remove_role_ids', request.removeRoleIds, mostParents);
  if (add.length + remove.length === 0) {
    call.fields.add('add_role_ids', 'there is nothing to change');
  }
  const executed = await call.run(
    { tenant, role },
    head,
    { type: 'ChangeRoleParents', role, add, remove },
    () => call.guard.mayConfer(call.caller, tenant, [role, ...add]),
  );
  return { result: resultOf(executed) };
}

async function renameRole(request: RenameRoleRequest, call: AdmittedCall) {
  const { head, tenant, role } = onRole(request, call);
  const { name } = request;
  call.fields.add('name', exactNameProblem(name));
  const command = { type: 'RenameRole', role, name } as const;
  return { result: resultOf(await call.run({ tenant, role }, head, command)) };
}

async function deleteRole(request: DeleteRoleRequest, call: AdmittedCall) {
  const { head, tenant, role } = onRole(request, call);
  const guard = (): void => call.guard.mayConfer(call.caller, tenant, [role]);
  const command = { type: 'DeleteRole', role } as const;
  return { result: resultOf(await call.run({ tenant, role }, head, command, guard)) };
}

function onRole(
  request: Pick<DeleteRoleRequest, 'options' | 'tenantId' | 'roleId'>,
  call: AdmittedCall,
) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  return { head, tenant, role: call.fields.id('role_id', request.roleId) };
}

function patternsField(call: AdmittedCall, field: string, patterns: readonly string[]): void {
  if (patterns.length > mostNamedAtOnce) call.fields.add(field, `more than ${mostNamedAtOnce}`);
  const shown = patterns.slice(0, mostNamedAtOnce);
  for (const [name, problem] of eachProblem(field, shown, permissionPatternProblem)) {
    call.fields.add(name, problem);
  }
}

function roleMessage(
  call: AdmittedCall,
  tenant: string,
  roleId: string,
  { permissions, parents, admin }: RoleDocument,
): Role {
  const name = roleNameOf.read(documentsOf(call.parts.ledger.state), tenant, roleId)?.name ?? '';
  return { roleId, name, permissions: [...permissions], parentRoleIds: [...parents], admin };
}
