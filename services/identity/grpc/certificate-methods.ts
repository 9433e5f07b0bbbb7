import type {
  BindCertificateRequest,
  Certificate,
  ClientServiceServer,
  ListCertificatesRequest,
  RemoveCertificateRequest,
} from '#proto/ledgate/identity/v1/client.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import {
  credentialNames,
  credentials,
  type CredentialDocument,
} from '#services/identity/domain/api-key/state.js';
import { certificateProblem } from '#services/identity/domain/certificate/decide.js';
import { certificatesOf } from '#services/identity/domain/certificate/state.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { listIds } from '#services/identity/grpc/list-page.js';

/** The methods of ClientService about certificates. */
export function certificateMethods(
  admission: Admission,
): Pick<ClientServiceServer, 'bindCertificate' | 'removeCertificate' | 'listCertificates'> {
  return {
    bindCertificate: admitted(admission, bind),
    removeCertificate: admitted(admission, remove),
    listCertificates: admitted(admission, async (request: ListCertificatesRequest, call) =>
      list(request, call),
    ),
  };
}

async function bind(request: BindCertificateRequest, call: AdmittedCall) {
  const { fields, caller, guard } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const principal = fields.id('principal_id', request.principalId);
  const { name, spkiSha256, spiffeId } = request;
  fields.oneOf({ spki_sha256: spkiSha256, spiffe_id: spiffeId });
  if (spkiSha256 !== '') fields.add('spki_sha256', certificateProblem('SPKI', spkiSha256));
  if (spiffeId !== '') fields.add('spiffe_id', certificateProblem('SPIFFE', spiffeId));
  fields.add('name', freeTextProblem(name, 1, 64));
  const expiresAtMs = fields.expiry('expires_at_ms', request.expiresAtMs, call.nowMs);
  const credential = call.parts.ids.uuid();
  const of =
    spkiSha256 === ''
      ? ({ kind: 'SPIFFE', identity: spiffeId } as const)
      : ({ kind: 'SPKI', identity: spkiSha256 } as const);
  const command = {
    type: 'BindCertificate',
    principal,
    credential,
    name,
    ...of,
    expiresAtMs,
  } as const;
  const executed = await call.run({ tenant, principal }, head, command, () =>
    guard.mayImpersonate(caller, tenant, principal),
  );
  const bound = executedEvent(executed.events, 'CertificateBound');
  return { result: resultOf(executed), credentialId: bound.credential };
}

async function remove(request: RemoveCertificateRequest, call: AdmittedCall) {
  const { fields, caller, guard } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const credential = fields.id('credential_id', request.credentialId);
  const view = documentsOf(call.parts.ledger.state);
  const principal = credentials.read(view, tenant, credential)?.principal;
  const own = tenant === caller.tenant && principal === caller.principal;
  const cause = own ? 'OWNER' : 'ADMIN';
  const command = { type: 'RemoveCertificate', credential, cause } as const;
  const executed = await call.revoke({ tenant, principal }, head, command, () =>
    guard.mayGovern(caller, tenant, principal ?? ''),
  );
  return { result: resultOf(executed) };
}

function list(request: ListCertificatesRequest, call: AdmittedCall) {
  const tenant = call.tenantOf(request.tenantId);
  const principal = call.fields.id('principal_id', request.principalId);
  const view = documentsOf(call.parts.ledger.state);
  const { ids, nextPageToken } = listIds(
    call,
    { tenant, owner: principal, target: { tenant, principal }, page: request.page },
    () => certificatesOf.read(view, tenant, principal)?.credentials ?? [],
  );
  const certificates = ids.flatMap((id) => {
    const name = credentialNames.read(view, tenant, id)?.name ?? '';
    const document = credentials.read(view, tenant, id);
    return document === undefined ? [] : certificateMessages(id, name, document, call.nowMs);
  });
  return { certificates, nextPageToken };
}

function certificateMessages(
  credentialId: string,
  name: string,
  { certificate, status }: CredentialDocument,
  nowMs: number,
): Certificate[] {
  if (certificate === undefined) return [];
  const { kind, identity, expiresAtMs = 0, createdAtMs } = certificate;
  return [
    {
      credentialId,
      name,
      spkiSha256: kind === 'SPKI' ? identity : '',
      spiffeId: kind === 'SPIFFE' ? identity : '',
      status: expiresAtMs !== 0 && expiresAtMs <= nowMs ? 'EXPIRED' : status,
      expiresAtMs: BigInt(expiresAtMs),
      createdAtMs: BigInt(createdAtMs),
    },
  ];
}
