import type {
  AddGroupMemberRequest,
  CreateGroupRequest,
  DeleteGroupRequest,
  GroupServiceServer,
  ListGroupMembersRequest,
  ListGroupMembersResponse,
  ListGroupsRequest,
  ListGroupsResponse,
} from '#proto/ledgate/identity/v1/group.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import { memberId } from '#services/identity/domain/group/state.js';
import { exactNameProblem } from '#services/identity/domain/names/exact-name.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { listDocuments } from '#services/identity/grpc/list-page.js';

export function groupService(admission: Admission): GroupServiceServer {
  return {
    createGroup: admitted(admission, createGroup),
    deleteGroup: admitted(admission, deleteGroup),
    listGroups: admitted(admission, async (request: ListGroupsRequest, call) =>
      listGroups(request, call),
    ),
    addGroupMember: admitted(admission, addMember),
    removeGroupMember: admitted(admission, removeMember),
    listGroupMembers: admitted(admission, async (request: ListGroupMembersRequest, call) =>
      listMembers(request, call),
    ),
  };
}

async function createGroup(request: CreateGroupRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const { name } = request;
  call.fields.add('name', exactNameProblem(name));
  const command = { type: 'CreateGroup', group: call.parts.ids.uuid(), name } as const;
  const executed = await call.run({ tenant }, head, command);
  const { group } = executedEvent(executed.events, 'GroupCreated');
  return { result: resultOf(executed), groupId: group };
}

async function deleteGroup(request: DeleteGroupRequest, call: AdmittedCall) {
  const { head, tenant, group } = onGroup(request, call);
  const command = { type: 'DeleteGroup', group } as const;
  return { result: resultOf(await call.run({ tenant, group }, head, command)) };
}

function listGroups(request: ListGroupsRequest, call: AdmittedCall): ListGroupsResponse {
  const tenant = call.tenantOf(request.tenantId);
  const { entries, nextPageToken } = listDocuments<{ name: string }>(call, {
    tenant,
    kind: 'group',
    target: { tenant },
    page: request.page,
  });
  return { groups: entries.map(([groupId, { name }]) => ({ groupId, name })), nextPageToken };
}

async function addMember(request: AddGroupMemberRequest, call: AdmittedCall) {
  const { head, tenant, group } = onGroup(request, call);
  const principal = call.fields.id('principal_id', request.principalId);
  const guard = (): void => call.guard.mayJoin(call.caller, tenant, group);
  const command = { type: 'AddGroupMember', group, principal } as const;
  return { result: resultOf(await call.run({ tenant, group }, head, command, guard)) };
}

async function removeMember(request: AddGroupMemberRequest, call: AdmittedCall) {
  const { head, tenant, group } = onGroup(request, call);
  const principal = call.fields.id('principal_id', request.principalId);
  const command = { type: 'RemoveGroupMember', group, principal } as const;
  return { result: resultOf(await call.run({ tenant, group }, head, command)) };
}

function listMembers(
  request: ListGroupMembersRequest,
  call: AdmittedCall,
): ListGroupMembersResponse {
  const tenant = call.tenantOf(request.tenantId);
  const group = call.fields.id('group_id', request.groupId);
  const idPrefix = memberId(group, '');
  const { entries, nextPageToken } = listDocuments(call, {
    tenant,
    kind: 'member',
    idPrefix,
    target: { tenant, group },
    page: request.page,
  });
  return { principalIds: entries.map(([id]) => id.slice(idPrefix.length)), nextPageToken };
}

function onGroup(
  request: Pick<DeleteGroupRequest, 'options' | 'tenantId' | 'groupId'>,
  call: AdmittedCall,
) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  return { head, tenant, group: call.fields.id('group_id', request.groupId) };
}
