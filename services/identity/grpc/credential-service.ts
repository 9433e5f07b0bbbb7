import { resourceProblem } from '#libs/access/resource.js';
import { invalid } from '#libs/errors/failure.js';
import type { Cause } from '#libs/events/catalogue.js';
import { callerCredential } from '#libs/grpc/caller-credential.js';
import { generateApiKey } from '#libs/tokens/api-key.js';
import type {
  ApiKey,
  BlockCredentialRequest,
  ChangePasswordRequest,
  CreateApiKeyRequest,
  CredentialServiceServer,
  ListApiKeysRequest,
  RemovePasswordRequest,
  RenameApiKeyRequest,
  RotateApiKeyRequest,
  SetPasswordRequest,
} from '#proto/ledgate/identity/v1/credential.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import type { Executed } from '#services/identity/app/identity-parts.js';
import {
  changePassword,
  clearLoginNames,
  storePassword,
} from '#services/identity/app/passwords.js';
import { findSessionById, keepSession, type Session } from '#services/identity/app/sessions.js';
import type { PasswordClaim } from '#services/identity/app/verify-password.js';
import { longestOverlapMs } from '#services/identity/domain/api-key/rotate.js';
import {
  apiKeysOf,
  credentialNames,
  credentials,
  type ApiKeyFacts,
  type CredentialDocument,
} from '#services/identity/domain/api-key/state.js';
import {
  eachProblem,
  permissionPatternProblem,
} from '#services/identity/domain/names/exact-name.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import {
  admitted,
  open,
  resultOf,
  type Admission,
  type AdmittedCall,
  type OpenCall,
} from '#services/identity/grpc/admission.js';
import { listIds } from '#services/identity/grpc/list-page.js';
import {
  passwordField,
  typedNameField,
  typedPasswordField,
} from '#services/identity/grpc/name-fields.js';

export function credentialService(admission: Admission): CredentialServiceServer {
  return {
    setPassword: admitted(admission, setPassword),
    changePassword: open(admission, change),
    removePassword: admitted(admission, removePassword),
    createApiKey: admitted(admission, createApiKey),
    rotateApiKey: admitted(admission, rotateApiKey),
    revokeApiKey: admitted(admission, revokeApiKey),
    renameApiKey: admitted(admission, renameApiKey),
    blockCredential: admitted(admission, blockCredential),
    unblockCredential: admitted(admission, unblockCredential),
    listApiKeys: admitted(admission, async (request: ListApiKeysRequest, call) =>
      listApiKeys(request, call),
    ),
  };
}

async function setPassword(request: SetPasswordRequest, call: AdmittedCall) {
  const { fields, parts, caller, guard } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const principal = fields.id('principal_id', request.principalId);
  passwordField(call, 'password', request.password, tenant, { contextWords: [] });
  const command = call.permitCommand({ tenant, principal }, head, () =>
    guard.mayImpersonate(caller, tenant, principal),
  );
  // The names are personal data: they are looked at only once the call is permitted.
  const contextWords = await clearLoginNames(parts, tenant, principal);
  passwordField(call, 'password', request.password, tenant, { contextWords });
  fields.check();
  const { password, mustChange } = request;
  const rest = { principal, credential: parts.ids.uuid(), cause: 'ADMIN', mustChange } as const;
  const executed = await storePassword(parts, command, rest, password, call.context.signal);
  return { result: resultOf(executed) };
}

/** Public: the current password is the proof. Without a login name the caller's own is changed. */
async function change(request: ChangePasswordRequest, call: OpenCall) {
  const head = call.fields.head(request.options);
  const { loginName, tenantId, currentPassword, newPassword } = request;
  if (loginName !== '') typedNameField(call, 'login_name', loginName);
  if (loginName !== '' && tenantId === '') call.fields.add('tenant_id', 'must not be empty');
  call.fields.bounded('tenant_id', tenantId, 64);
  typedPasswordField(call, 'current_password', currentPassword);
  if (newPassword === '') call.fields.add('new_password', 'must not be empty');
  call.fields.check();
  const own = loginName === '' ? await ownAccount(call, tenantId) : undefined;
  const claim = {
    ...(own?.whose ?? { tenant: tenantId, account: { loginName } }),
    loggedIn: own?.session !== undefined,
    password: currentPassword,
    source: call.source,
    signal: call.context.signal,
  };
  const executed = await changePassword(call.parts, claim, newPassword, call.envelope(head));
  const kept = own?.session && (await keepSession(call.parts, own.session, executed));
  return { result: resultOf(executed), sessionToken: kept?.sessionToken ?? '' };
}

interface OwnAccount {
  readonly whose: Pick<PasswordClaim, 'tenant' | 'account'>;
  /** That calls; it goes on. */
  readonly session: Session | undefined;
}

async function ownAccount(call: OpenCall, tenantId: string): Promise<OwnAccount> {
  const bearer = callerCredential(call.context.metadata);
  const { gate } = call.parts;
  call.parts.ledger.requireServing();
  const caller = await gate.admit(bearer, call.nowMs, call.context.remainingMs());
  const { tenant, principal, credential } = caller;
  if (tenantId !== '' && tenantId !== tenant) {
    throw invalid({ field: 'tenant_id', description: 'is not the tenant of the caller' });
  }
  const session =
    credential.kind === 'SESSION'
      ? findSessionById(call.parts, tenant, credential.session)
      : undefined;
  return { whose: { tenant, account: { principal } }, session };
}

async function removePassword(request: RemovePasswordRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const principal = call.fields.id('principal_id', request.principalId);
  const cause = causeOf(call, tenant, principal);
  const guard = (): void => call.guard.mayGovern(call.caller, tenant, principal);
  const command = { type: 'RemovePassword', principal, cause } as const;
  return { result: resultOf(await call.revoke({ tenant, principal }, head, command, guard)) };
}

async function createApiKey(request: CreateApiKeyRequest, call: AdmittedCall) {
  const { fields, caller, guard, parts } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const own = request.principalId === '' && tenant === caller.tenant;
  const principal = own ? caller.principal : fields.id('principal_id', request.principalId);
  const { name, scopes, resourcePrefix } = request;
  fields.add('name', freeTextProblem(name, 1, 64));
  for (const [field, problem] of eachProblem('scopes', scopes, permissionPatternProblem)) {
    fields.add(field, problem);
  }
  fields.add('resource_prefix', resourceProblem(resourcePrefix));
  const expiresAtMs = fields.expiry('expires_at_ms', request.expiresAtMs, call.nowMs);
  const key = generateApiKey(parts.random);
  const executed = await call.run(
    { tenant, principal },
    head,
    {
      type: 'CreateApiKey',
      principal,
      credential: parts.ids.uuid(),
      prefix: key.text.slice(4, 12),
      sha256: key.sha256,
      name,
      scopes,
      resourcePrefix: resourcePrefix === '' ? undefined : resourcePrefix,
      expiresAtMs,
    },
    () => guard.mayImpersonate(caller, tenant, principal),
  );
  return newKeyAnswer(executed, key.text);
}

async function rotateApiKey(request: RotateApiKeyRequest, call: AdmittedCall) {
  const { fields, caller, guard, parts } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const replaces = fields.id('credential_id', request.credentialId);
  const overlapMs = fields.duration('overlap_ms', request.overlapMs, 0, longestOverlapMs);
  const expiresAtMs = fields.expiry('expires_at_ms', request.expiresAtMs, call.nowMs);
  const principal = ownerOf(call, tenant, replaces);
  const key = generateApiKey(parts.random);
  const executed = await call.run(
    { tenant, principal },
    head,
    {
      type: 'RotateApiKey',
      credential: parts.ids.uuid(),
      replaces,
      prefix: key.text.slice(4, 12),
      sha256: key.sha256,
      expiresAtMs,
      overlapMs,
    },
    () => guard.mayImpersonate(caller, tenant, principal ?? ''),
  );
  return newKeyAnswer(executed, key.text);
}

function newKeyAnswer(executed: Executed, text: string) {
  const { credential } = executedEvent(executed.events, 'ApiKeyCreated');
  const { replayed } = executed;
  return {
    result: resultOf(executed),
    credentialId: credential,
    apiKey: replayed ? '' : text,
    secretAvailable: !replayed,
  };
}

async function revokeApiKey(
  request: Pick<BlockCredentialRequest, 'options' | 'tenantId' | 'credentialId'>,
  call: AdmittedCall,
) {
  const { head, target, credential, cause, guard } = onCredential(request, call);
  const command = { type: 'RevokeApiKey', credential, cause } as const;
  return { result: resultOf(await call.revoke(target, head, command, guard)) };
}

async function renameApiKey(request: RenameApiKeyRequest, call: AdmittedCall) {
  const { head, target, credential } = onCredential(request, call);
  const { name } = request;
  call.fields.add('name', freeTextProblem(name, 1, 64));
  const command = { type: 'RenameCredential', credential, name } as const;
  return { result: resultOf(await call.run(target, head, command)) };
}

async function blockCredential(request: BlockCredentialRequest, call: AdmittedCall) {
  const { head, target, credential, guard } = onCredential(request, call);
  const command = { type: 'BlockCredential', credential, cause: 'ADMIN' } as const;
  return { result: resultOf(await call.revoke(target, head, command, guard)) };
}

async function unblockCredential(request: BlockCredentialRequest, call: AdmittedCall) {
  const { head, target, credential } = onCredential(request, call);
  const { tenant, principal = '' } = target;
  const guard = (): void => call.guard.mayImpersonate(call.caller, tenant, principal);
  const command = { type: 'UnblockCredential', credential } as const;
  return { result: resultOf(await call.run(target, head, command, guard)) };
}

function listApiKeys(
  request: ListApiKeysRequest,
  call: AdmittedCall,
): { apiKeys: ApiKey[]; nextPageToken: string } {
  const tenant = call.tenantOf(request.tenantId);
  const own = request.principalId === '' && tenant === call.caller.tenant;
  const principal = own
    ? call.caller.principal
    : call.fields.id('principal_id', request.principalId);
  const view = documentsOf(call.parts.ledger.state);
  const { ids, nextPageToken } = listIds(
    call,
    { tenant, owner: principal, target: { tenant, principal }, page: request.page },
    () => apiKeysOf.read(view, tenant, principal)?.credentials ?? [],
  );
  const apiKeys = ids.flatMap((id) => {
    const document = credentials.read(view, tenant, id);
    const name = credentialNames.read(view, tenant, id)?.name ?? '';
    if (document?.apiKey === undefined) return [];
    return [apiKeyMessage(id, name, document, document.apiKey, call.nowMs)];
  });
  return { apiKeys, nextPageToken };
}

function apiKeyMessage(
  credentialId: string,
  name: string,
  document: CredentialDocument,
  key: ApiKeyFacts,
  nowMs: number,
): ApiKey {
  const { prefix, scopes, resourcePrefix, createdAtMs } = key;
  const end = Math.min(key.expiresAtMs ?? Infinity, key.overlapUntilMs ?? Infinity);
  const replaced = key.overlapUntilMs === undefined ? 'ACTIVE' : 'REPLACED';
  const live = document.status === 'ACTIVE' ? replaced : document.status;
  return {
    credentialId,
    principalId: document.principal,
    name,
    prefix,
    scopes: [...scopes],
    resourcePrefix: resourcePrefix ?? '',
    expiresAtMs: BigInt(Number.isFinite(end) ? end : 0),
    status: end <= nowMs && document.status !== 'REVOKED' ? 'EXPIRED' : live,
    createdAtMs: BigInt(createdAtMs),
  };
}

function onCredential(
  request: Pick<BlockCredentialRequest, 'options' | 'tenantId' | 'credentialId'>,
  call: AdmittedCall,
) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const credential = call.fields.id('credential_id', request.credentialId);
  const principal = ownerOf(call, tenant, credential);
  const cause = causeOf(call, tenant, principal);
  const own = call.caller.credential;
  /** Before the credential is taken from its owner. */
  const guard = (): void => {
    call.guard.mayGovern(call.caller, tenant, principal ?? '');
    if (own.kind === 'API_KEY' && own.id === credential) call.guard.mayRevokeOwn(call.caller);
  };
  return { head, credential, cause, guard, target: { tenant, principal } };
}

function ownerOf(call: AdmittedCall, tenant: string, credential: string): string | undefined {
  return credentials.read(documentsOf(call.parts.ledger.state), tenant, credential)?.principal;
}

function causeOf(call: AdmittedCall, tenant: string, principal: string | undefined): Cause {
  const { caller } = call;
  return tenant === caller.tenant && principal === caller.principal ? 'OWNER' : 'ADMIN';
}
