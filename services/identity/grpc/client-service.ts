import { Failure } from '#libs/errors/failure.js';
import { generateClientSecret } from '#libs/tokens/client-secret.js';
import type {
  ChangeClientRequest,
  ClientServiceServer,
  CreateClientSecretRequest,
  GetClientRequest,
  ListClientsRequest,
  RegisterClientRequest,
  RevokeClientSecretRequest,
  RotateClientSecretRequest,
  SuspendClientRequest,
} from '#proto/ledgate/identity/v1/client.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { findClient, registerClient, type Client } from '#services/identity/app/clients.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import type { Executed } from '#services/identity/app/identity-parts.js';
import { longestOverlapMs } from '#services/identity/domain/api-key/rotate.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import { hasSecret } from '#services/identity/domain/client/secrets.js';
import { clientSecretsOf } from '#services/identity/domain/client/state.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { certificateMethods } from '#services/identity/grpc/certificate-methods.js';
import {
  clientKinds,
  clientMessage,
  secretMessage,
  settingsField,
} from '#services/identity/grpc/client-fields.js';
import { listDocuments } from '#services/identity/grpc/list-page.js';

export function clientService(admission: Admission): ClientServiceServer {
  return {
    registerClient: admitted(admission, register),
    getClient: admitted(admission, async (request: GetClientRequest, call) => get(request, call)),
    listClients: admitted(admission, async (request: ListClientsRequest, call) =>
      list(request, call),
    ),
    changeClient: admitted(admission, change),
    suspendClient: admitted(admission, (request: SuspendClientRequest, call) =>
      move('SuspendClient', request, call),
    ),
    resumeClient: admitted(admission, (request: SuspendClientRequest, call) =>
      move('ResumeClient', request, call),
    ),
    deleteClient: admitted(admission, (request: SuspendClientRequest, call) =>
      move('DeleteClient', request, call),
    ),
    createClientSecret: admitted(admission, createSecret),
    rotateClientSecret: admitted(admission, rotateSecret),
    revokeClientSecret: admitted(admission, revokeSecret),
    ...certificateMethods(admission),
  };
}

async function register(request: RegisterClientRequest, call: AdmittedCall) {
  const { fields, caller, guard } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const kind = fields.choice('kind', request.kind, clientKinds, 'WEB');
  const settings = settingsField(fields, request.settings, kind);
  const { secretExpiresAtMs, withoutSecret } = request;
  const expiresAtMs = fields.expiry('secret_expires_at_ms', secretExpiresAtMs, call.nowMs);
  const secret = hasSecret(settings.authMethod) && !withoutSecret ? { expiresAtMs } : undefined;
  const command = call.permitCommand({ tenant }, head, () => {
    if (settings.firstParty) guard.requireAdmin(caller);
  });
  const made = await registerClient(call.parts, command, { kind, settings, secret });
  const { client, principal } = executedEvent(made.executed.events, 'ClientRegistered');
  return {
    result: resultOf(made.executed),
    clientId: client,
    principalId: principal,
    clientSecret: made.secretText ?? '',
    credentialId:
      secret === undefined
        ? ''
        : executedEvent(made.executed.events, 'ClientSecretCreated').credential,
  };
}

function get(request: GetClientRequest, call: AdmittedCall) {
  const tenant = call.tenantOf(request.tenantId);
  const id = call.fields.id('client_id', request.clientId);
  call.permitRead({ tenant, client: id });
  const client = clientOf(call, tenant, id);
  if (client === undefined) throw new Failure('NOT_FOUND', 'no such client');
  const view = documentsOf(call.parts.ledger.state);
  const secrets = (clientSecretsOf.read(view, tenant, id)?.secrets ?? []).map((secret) =>
    secretMessage(secret, credentials.read(view, tenant, secret.credential), call.nowMs),
  );
  return { client: clientMessage(client, secrets) };
}

function list(request: ListClientsRequest, call: AdmittedCall) {
  const tenant = call.tenantOf(request.tenantId);
  const { entries, nextPageToken } = listDocuments(call, {
    tenant,
    kind: 'client-of',
    target: { tenant },
    page: request.page,
  });
  const clients = entries.flatMap(([id]) => {
    const client = clientOf(call, tenant, id);
    return client === undefined ? [] : [clientMessage(client, [])];
  });
  return { clients, nextPageToken };
}

async function change(request: ChangeClientRequest, call: AdmittedCall) {
  const { head, tenant, client, found } = onClient(request, call);
  const settings = settingsField(call.fields, request.settings, found?.kind ?? 'WEB');
  const command = { type: 'ChangeClient', client, settings } as const;
  const executed = await call.run({ tenant, client }, head, command, () => {
    if (settings.firstParty || found?.settings.firstParty) call.guard.requireAdmin(call.caller);
    mayActAs(call, tenant, found);
  });
  return { result: resultOf(executed) };
}

async function move(
  type: 'SuspendClient' | 'ResumeClient' | 'DeleteClient',
  request: SuspendClientRequest,
  call: AdmittedCall,
) {
  const { head, tenant, client, found } = onClient(request, call);
  const target = { tenant, client };
  const executed = await (type === 'ResumeClient'
    ? call.run(target, head, { type, client }, () => mayActAs(call, tenant, found))
    : call.revoke(target, head, { type, client }, () => mayGovern(call, tenant, found)));
  return { result: resultOf(executed) };
}

async function createSecret(request: CreateClientSecretRequest, call: AdmittedCall) {
  const { head, tenant, client, found } = onClient(request, call);
  const expiresAtMs = call.fields.expiry('expires_at_ms', request.expiresAtMs, call.nowMs);
  const { text, ...secret } = newSecret(call);
  const command = { type: 'CreateClientSecret', client, ...secret, expiresAtMs } as const;
  const executed = await call.run({ tenant, client }, head, command, () =>
    mayActAs(call, tenant, found),
  );
  return secretAnswer(executed, text);
}

async function rotateSecret(request: RotateClientSecretRequest, call: AdmittedCall) {
  const { fields } = call;
  const { head, tenant, client, found } = onClient(request, call);
  const replaces = fields.optionalId('credential_id', request.credentialId);
  const overlapMs = fields.duration('overlap_ms', request.overlapMs, 0, longestOverlapMs);
  const expiresAtMs = fields.expiry('expires_at_ms', request.expiresAtMs, call.nowMs);
  const { text, ...secret } = newSecret(call);
  const times = { overlapMs, expiresAtMs };
  const command = { type: 'RotateClientSecret', client, replaces, ...secret, ...times } as const;
  const executed = await call.run({ tenant, client }, head, command, () =>
    mayActAs(call, tenant, found),
  );
  return secretAnswer(executed, text);
}

async function revokeSecret(request: RevokeClientSecretRequest, call: AdmittedCall) {
  const { head, tenant, client, found } = onClient(request, call);
  const credential = call.fields.id('credential_id', request.credentialId);
  const command = { type: 'RevokeClientSecret', client, credential, cause: 'ADMIN' } as const;
  const executed = await call.revoke({ tenant, client }, head, command, () =>
    mayGovern(call, tenant, found),
  );
  return { result: resultOf(executed) };
}

function newSecret({ parts }: AdmittedCall) {
  return { credential: parts.ids.uuid(), ...generateClientSecret(parts.random) };
}

function secretAnswer(executed: Executed, text: string) {
  const { credential } = executedEvent(executed.events, 'ClientSecretCreated');
  const clientSecret = executed.replayed ? '' : text;
  return { result: resultOf(executed), credentialId: credential, clientSecret };
}

function onClient(
  request: Pick<SuspendClientRequest, 'options' | 'tenantId' | 'clientId'>,
  call: AdmittedCall,
) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const client = call.fields.id('client_id', request.clientId);
  return { head, tenant, client, found: clientOf(call, tenant, client) };
}

function clientOf({ parts }: AdmittedCall, tenant: string, id: string): Client | undefined {
  const client = findClient(parts, id);
  return client?.tenant === tenant ? client : undefined;
}

/** Before there is a new way to act as the client's service account. */
function mayActAs(call: AdmittedCall, tenant: string, client: Client | undefined): void {
  call.guard.mayImpersonate(call.caller, tenant, client?.principal ?? '');
}

function mayGovern(call: AdmittedCall, tenant: string, client: Client | undefined): void {
  call.guard.mayGovern(call.caller, tenant, client?.principal ?? '');
}
