import { Failure } from '#libs/errors/failure.js';
import type { LoginNameKind as Kind } from '#libs/events/catalogue.js';
import {
  LoginNameKind,
  PrincipalKind,
  type AddLoginNameRequest,
  type CreateServiceAccountRequest,
  type CreateUserRequest,
  type DeletePrincipalRequest,
  type GetPrincipalRequest,
  type ListPrincipalsRequest,
  type ListPrincipalsResponse,
  type Principal,
  type PrincipalServiceServer,
  type RemoveLoginNameRequest,
  type SuspendPrincipalRequest,
  type UpdateProfileRequest,
} from '#proto/ledgate/identity/v1/principal.js';
import { documentsOf, parseLoginName, principalByName } from '#services/identity/app/accounts.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import { execute } from '#services/identity/app/identity-parts.js';
import {
  principalDetails,
  registerPrincipal,
  sealLoginName,
  sealProfile,
  type PrincipalDetails,
  type TypedName,
} from '#services/identity/app/principals.js';
import { sealing } from '#services/identity/app/sealing.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { erase, erasure } from '#services/identity/grpc/erasure-methods.js';
import { listDocuments } from '#services/identity/grpc/list-page.js';
import {
  loginNameField,
  passwordField,
  profileField,
  typedNameField,
} from '#services/identity/grpc/name-fields.js';

const nameKinds = new Map<number, Kind>([
  [LoginNameKind.LOGIN_NAME_KIND_USERNAME, 'USERNAME'],
  [LoginNameKind.LOGIN_NAME_KIND_EMAIL, 'EMAIL'],
]);

export function principalService(admission: Admission): PrincipalServiceServer {
  return {
    createUser: admitted(admission, createUser),
    createServiceAccount: admitted(admission, createServiceAccount),
    getPrincipal: admitted(admission, get),
    listPrincipals: admitted(admission, list),
    updateProfile: admitted(admission, updateProfile),
    addLoginName: admitted(admission, addLoginName),
    removeLoginName: admitted(admission, removeLoginName),
    suspendPrincipal: admitted(admission, suspend),
    resumePrincipal: admitted(admission, onPrincipal('ResumePrincipal')),
    deletePrincipal: admitted(admission, onPrincipal('DeletePrincipal')),
    eraseSubject: admitted(admission, erase),
    getErasure: admitted(admission, erasure),
  };
}

async function createUser(request: CreateUserRequest, call: AdmittedCall) {
  const { fields } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const { username, email, password, mustChangePassword } = request;
  const names: TypedName[] = [];
  if (username !== '') names.push(typedName(call, 'username', 'USERNAME', username));
  if (email !== '') names.push(typedName(call, 'email', 'EMAIL', email));
  if (names.length === 0) fields.add('username', 'give a username, an email, or both');
  const profile = profileField(call, request.profile);
  if (password !== '') {
    const contextWords = [username, email, email.split('@')[0] ?? '', profile.displayName];
    passwordField(call, 'password', password, tenant, { contextWords });
  } else if (mustChangePassword) {
    fields.add('must_change_password', 'there is no password to change');
  }
  const executed = await registerPrincipal(call.parts, call.permitCommand({ tenant }, head), {
    kind: 'USER',
    names,
    profile,
    password: password === '' ? undefined : { text: password, mustChange: mustChangePassword },
    signal: call.context.signal,
  });
  const { principal } = executedEvent(executed.events, 'PrincipalRegistered');
  return { result: resultOf(executed), principalId: principal };
}

async function createServiceAccount(request: CreateServiceAccountRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const names = [typedName(call, 'username', 'USERNAME', request.username)];
  const profile = profileField(call, request.profile);
  const executed = await registerPrincipal(call.parts, call.permitCommand({ tenant }, head), {
    kind: 'SERVICE',
    names,
    profile,
    password: undefined,
    signal: call.context.signal,
  });
  const { principal } = executedEvent(executed.events, 'PrincipalRegistered');
  return { result: resultOf(executed), principalId: principal };
}

async function get(request: GetPrincipalRequest, call: AdmittedCall) {
  const tenant = call.tenantOf(request.tenantId);
  const { principalId, loginName } = request;
  call.fields.oneOf({ principal_id: principalId, login_name: loginName });
  if (principalId !== '') call.fields.id('principal_id', principalId);
  else typedNameField(call, 'login_name', loginName);
  call.fields.check();
  const principal = principalId === '' ? await named(call, tenant, loginName) : principalId;
  call.permitRead({ tenant, principal });
  const details = principal && (await principalDetails(call.parts, tenant, principal, call.nowMs));
  if (!details) throw new Failure('NOT_FOUND', 'no such principal');
  return { principal: principalMessage(tenant, details) };
}

async function list(
  request: ListPrincipalsRequest,
  call: AdmittedCall,
): Promise<ListPrincipalsResponse> {
  const tenant = call.tenantOf(request.tenantId);
  const { page } = request;
  const target = { tenant };
  const { entries, nextPageToken } = listDocuments(call, {
    tenant,
    kind: 'principal',
    target,
    page,
  });
  const details = await Promise.all(
    entries.map(([id]) => principalDetails(call.parts, tenant, id, call.nowMs)),
  );
  const principals = details.flatMap((each) => (each ? [principalMessage(tenant, each)] : []));
  return { principals, nextPageToken };
}

async function updateProfile(request: UpdateProfileRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const principal = call.fields.id('principal_id', request.principalId);
  const data = profileField(call, call.fields.present('profile', request.profile));
  const command = call.permitCommand({ tenant, principal }, head);
  const executed = await sealing(call.parts, async (parts) => {
    const profile = await sealProfile(parts, { tenant, principal }, data);
    return execute(parts, command, { type: 'ChangeProfile', principal, profile });
  });
  return { result: resultOf(executed) };
}

async function addLoginName(request: AddLoginNameRequest, call: AdmittedCall) {
  const { fields, parts, caller, guard } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const principal = fields.id('principal_id', request.principalId);
  const kind = fields.choice('kind', request.kind, nameKinds, 'USERNAME');
  const name = typedName(call, 'value', kind, request.value);
  const command = call.permitCommand({ tenant, principal }, head, () =>
    guard.mayImpersonate(caller, tenant, principal),
  );
  const executed = await sealing(parts, async (sealed) => {
    const loginName = await sealLoginName(sealed, { tenant, principal }, name);
    return execute(sealed, command, { type: 'AddLoginName', principal, loginName });
  });
  return { result: resultOf(executed) };
}

async function removeLoginName(request: RemoveLoginNameRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const principal = call.fields.id('principal_id', request.principalId);
  const name = parseLoginName(typedNameField(call, 'value', request.value));
  if (name === undefined) call.fields.add('value', 'is not a login name');
  const command = call.permitCommand({ tenant, principal }, head, () =>
    call.guard.mayGovern(call.caller, tenant, principal),
  );
  const canonical = name ?? { kind: 'USERNAME', canonical: '' };
  const blindIndex = await call.parts.loginNames.indexOf(tenant, canonical);
  const executed = await execute(call.parts, command, {
    type: 'RemoveLoginName',
    principal,
    blindIndex,
  });
  return { result: resultOf(executed) };
}

async function suspend(request: SuspendPrincipalRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const principal = call.fields.id('principal_id', request.principalId);
  const untilMs = call.fields.expiry('until_ms', request.untilMs, call.nowMs);
  const guard = (): void => call.guard.mayGovern(call.caller, tenant, principal);
  const command = { type: 'SuspendPrincipal', principal, untilMs } as const;
  return { result: resultOf(await call.revoke({ tenant, principal }, head, command, guard)) };
}

function onPrincipal(type: 'ResumePrincipal' | 'DeletePrincipal') {
  return async (request: DeletePrincipalRequest, call: AdmittedCall) => {
    const head = call.fields.head(request.options);
    const tenant = call.tenantOf(request.tenantId);
    const principal = call.fields.id('principal_id', request.principalId);
    const guard = (): void => call.guard.mayGovern(call.caller, tenant, principal);
    const target = { tenant, principal };
    const executed = await (type === 'DeletePrincipal'
      ? call.revoke(target, head, { type, principal }, guard)
      : call.run(target, head, { type, principal }, guard));
    return { result: resultOf(executed) };
  };
}

function typedName(call: AdmittedCall, field: string, kind: Kind, typed: string): TypedName {
  return { ...loginNameField(call, field, kind, typed), typed };
}

function named(call: AdmittedCall, tenant: string, text: string): Promise<string | undefined> {
  const view = documentsOf(call.parts.ledger.state);
  const name = parseLoginName(text);
  if (name === undefined) return Promise.resolve(undefined);
  return principalByName(view, call.parts.loginNames, tenant, name);
}

function principalMessage(tenantId: string, details: PrincipalDetails): Principal {
  const { principal, kind, status, profile, suspendedUntilMs } = details;
  return {
    principalId: principal,
    tenantId,
    kind:
      kind === 'USER' ? PrincipalKind.PRINCIPAL_KIND_USER : PrincipalKind.PRINCIPAL_KIND_SERVICE,
    status,
    profile: { ...profile },
    loginNames: details.loginNames.map((name) => ({
      kind:
        name.kind === 'EMAIL'
          ? LoginNameKind.LOGIN_NAME_KIND_EMAIL
          : LoginNameKind.LOGIN_NAME_KIND_USERNAME,
      value: name.value,
      verified: name.verified,
    })),
    hasPassword: details.hasPassword,
    mustChangePassword: details.mustChangePassword,
    suspendedUntilMs: BigInt(suspendedUntilMs ?? 0),
  };
}
