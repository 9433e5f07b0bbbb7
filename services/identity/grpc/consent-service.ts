import type {
  ConsentServiceServer,
  GiveConsentRequest,
  ListConsentsRequest,
  WithdrawConsentRequest,
} from '#proto/ledgate/identity/v1/client.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { findClient } from '#services/identity/app/clients.js';
import { findConsent } from '#services/identity/app/consents.js';
import { consentsOf } from '#services/identity/domain/consent/state.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { listIds } from '#services/identity/grpc/list-page.js';

const MOST_SCOPES = 50;

export function consentService(admission: Admission): ConsentServiceServer {
  return {
    listConsents: admitted(admission, async (request: ListConsentsRequest, call) =>
      list(request, call),
    ),
    giveConsent: admitted(admission, give),
    withdrawConsent: admitted(admission, withdraw),
  };
}

function list(request: ListConsentsRequest, call: AdmittedCall) {
  const { tenant, principal } = whose(request, call);
  const view = documentsOf(call.parts.ledger.state);
  const { ids, nextPageToken } = listIds(
    call,
    { tenant, owner: principal, target: { tenant, principal }, page: request.page },
    () => consentsOf.read(view, tenant, principal)?.clients ?? [],
  );
  const consents = ids.flatMap((client) => {
    const consent = findConsent(call.parts, { tenant, principal, client });
    if (consent === undefined) return [];
    return [
      {
        clientId: client,
        clientName: findClient(call.parts, client)?.settings.name ?? '',
        scopes: [...consent.scopes],
        audience: consent.audience,
        givenAtMs: BigInt(consent.givenAtMs),
        expiresAtMs: BigInt(consent.expiresAtMs ?? 0),
      },
    ];
  });
  return { consents, nextPageToken };
}

/** Nobody consents for others, and a limited credential consents to nothing. */
async function give(request: GiveConsentRequest, call: AdmittedCall) {
  const { caller, fields, guard } = call;
  const { tenant, principal } = caller;
  const head = fields.head(request.options);
  const client = fields.id('client_id', request.clientId);
  const expiresAtMs = fields.expiry('expires_at_ms', request.expiresAtMs, call.nowMs);
  const { scopes } = request;
  if (scopes.length === 0) fields.add('scopes', 'must not be empty');
  if (scopes.length > MOST_SCOPES) fields.add('scopes', `more than ${MOST_SCOPES}`);
  for (const [at, scope] of scopes.slice(0, MOST_SCOPES).entries()) {
    fields.bounded(`scopes[${at}]`, scope, 128);
  }
  const audience = fields.bounded('audience', request.audience, 256);
  const what = { principal, client, scopes, audience, expiresAtMs };
  const command = { type: 'GiveConsent', ...what } as const;
  const executed = await call.run({ tenant, principal }, head, command, () =>
    guard.mayImpersonate(caller, tenant, principal),
  );
  return { result: resultOf(executed) };
}

async function withdraw(request: WithdrawConsentRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const { tenant, principal } = whose(request, call);
  const client = call.fields.id('client_id', request.clientId);
  const command = { type: 'WithdrawConsent', principal, client } as const;
  return { result: resultOf(await call.run({ tenant, principal }, head, command)) };
}

function whose(
  { tenantId, principalId }: Pick<ListConsentsRequest, 'tenantId' | 'principalId'>,
  call: AdmittedCall,
): { tenant: string; principal: string } {
  const tenant = call.tenantOf(tenantId);
  const own = principalId === '' && tenant === call.caller.tenant;
  return {
    tenant,
    principal: own ? call.caller.principal : call.fields.id('principal_id', principalId),
  };
}
