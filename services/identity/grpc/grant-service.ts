import { resourceProblem } from '#libs/access/resource.js';
import type {
  ChangeGrantRequest,
  Grant,
  GrantRoleRequest,
  GrantServiceServer,
  ListGrantsRequest,
  ListGrantsResponse,
  RevokeGrantRequest,
} from '#proto/ledgate/identity/v1/grant.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import { grants, grantsOf, type GrantDocument } from '#services/identity/domain/grant/state.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { listIds } from '#services/identity/grpc/list-page.js';

export function grantService(admission: Admission): GrantServiceServer {
  return {
    grantRole: admitted(admission, grantRole),
    changeGrant: admitted(admission, changeGrant),
    revokeGrant: admitted(admission, revokeGrant),
    listGrants: admitted(admission, async (request: ListGrantsRequest, call) =>
      listGrants(request, call),
    ),
  };
}

async function grantRole(request: GrantRoleRequest, call: AdmittedCall) {
  const { fields } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const subject = subjectOf(request, call);
  const role = fields.id('role_id', request.roleId);
  const { resourcePrefix, ticket } = request;
  fields.add('resource_prefix', resourceProblem(resourcePrefix));
  const expiresAtMs = fields.expiry('expires_at_ms', request.expiresAtMs, call.nowMs);
  if (ticket !== '') fields.add('ticket', freeTextProblem(ticket, 1, 100));
  const executed = await call.run(
    { tenant, role },
    head,
    {
      type: 'GrantRole',
      grant: call.parts.ids.uuid(),
      ...subject,
      role,
      resourcePrefix,
      expiresAtMs,
      ticket: ticket === '' ? undefined : ticket,
    },
    () => call.guard.mayConfer(call.caller, tenant, [role]),
  );
  const { grant } = executedEvent(executed.events, 'RoleGranted');
  return { result: resultOf(executed), grantId: grant };
}

async function changeGrant(request: ChangeGrantRequest, call: AdmittedCall) {
  const { head, tenant, grant, role } = onGrant(request, call);
  const expiresAtMs = call.fields.expiry('expires_at_ms', request.expiresAtMs, call.nowMs);
  const guard = (): void => call.guard.mayConfer(call.caller, tenant, [role ?? '']);
  const command = { type: 'ChangeGrant', grant, expiresAtMs } as const;
  return { result: resultOf(await call.run({ tenant, role }, head, command, guard)) };
}

async function revokeGrant(request: RevokeGrantRequest, call: AdmittedCall) {
  const { head, tenant, grant, role, subject } = onGrant(request, call);
  const guard = (): void => call.guard.mayGovern(call.caller, tenant, subject);
  const command = { type: 'RevokeGrant', grant, cause: 'ADMIN' } as const;
  return { result: resultOf(await call.run({ tenant, role }, head, command, guard)) };
}

function listGrants(request: ListGrantsRequest, call: AdmittedCall): ListGrantsResponse {
  const tenant = call.tenantOf(request.tenantId);
  const { subjectKind, subject } = subjectOf(request, call);
  const principal = subjectKind === 'PRINCIPAL' ? subject : undefined;
  const view = documentsOf(call.parts.ledger.state);
  const { ids, nextPageToken } = listIds(
    call,
    { tenant, owner: subject, target: { tenant, principal }, page: request.page },
    () => grantsOf.read(view, tenant, subject)?.grants ?? [],
  );
  const found = ids.flatMap((id) => {
    const document = grants.read(view, tenant, id);
    return document === undefined ? [] : [grantMessage(id, document)];
  });
  return { grants: found, nextPageToken };
}

function subjectOf(
  { principalId, groupId }: Pick<GrantRoleRequest, 'principalId' | 'groupId'>,
  { fields }: AdmittedCall,
): { readonly subjectKind: 'PRINCIPAL' | 'GROUP'; readonly subject: string } {
  fields.oneOf({ principal_id: principalId, group_id: groupId });
  if (principalId !== '') fields.id('principal_id', principalId);
  if (groupId !== '') fields.id('group_id', groupId);
  return principalId === ''
    ? { subjectKind: 'GROUP', subject: groupId }
    : { subjectKind: 'PRINCIPAL', subject: principalId };
}

function onGrant(
  request: Pick<RevokeGrantRequest, 'options' | 'tenantId' | 'grantId'>,
  call: AdmittedCall,
) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const grant = call.fields.id('grant_id', request.grantId);
  const document = grants.read(documentsOf(call.parts.ledger.state), tenant, grant);
  return { head, tenant, grant, role: document?.role, subject: document?.subject ?? '' };
}

function grantMessage(grantId: string, document: GrantDocument): Grant {
  const { subjectKind, subject, role, resourcePrefix, expiresAtMs, ticket, position } = document;
  return {
    grantId,
    subject: { $case: subjectKind === 'GROUP' ? 'groupId' : 'principalId', value: subject },
    roleId: role,
    resourcePrefix,
    expiresAtMs: BigInt(expiresAtMs ?? 0),
    ticket: ticket ?? '',
    position: BigInt(position),
  };
}
