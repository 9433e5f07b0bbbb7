import {
  ErasureState,
  type EraseSubjectRequest,
  type Erasure,
  type GetErasureRequest,
} from '#proto/ledgate/identity/v1/principal.js';
import { eraseSubject, erasureStatus } from '#services/identity/app/erasure.js';
import { resultOf, type AdmittedCall } from '#services/identity/grpc/admission.js';

export async function erase(request: EraseSubjectRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const principal = call.fields.id('principal_id', request.principalId);
  const permitted = call.permitCommand({ tenant, principal }, head);
  const executed = await eraseSubject(call.parts, permitted, principal);
  return { result: resultOf(executed), erasure: await message(call, tenant, principal) };
}

export async function erasure(request: GetErasureRequest, call: AdmittedCall) {
  const tenant = call.tenantOf(request.tenantId);
  const principal = call.fields.id('principal_id', request.principalId);
  call.fields.check();
  call.permitRead({ tenant, principal });
  return { erasure: await message(call, tenant, principal) };
}

async function message(call: AdmittedCall, tenant: string, principal: string): Promise<Erasure> {
  const status = await erasureStatus(call.parts, tenant, principal);
  if (status.state === 'NONE') {
    const state = ErasureState.ERASURE_STATE_NONE;
    return { state, blobs: 0, recordedAtMs: 0n, goneAtMs: 0n };
  }
  const { state, blobs, recordedAtMs, goneAtMs = 0 } = status;
  return {
    state:
      state === 'ERASED' ? ErasureState.ERASURE_STATE_ERASED : ErasureState.ERASURE_STATE_ERASING,
    blobs,
    recordedAtMs: BigInt(recordedAtMs),
    goneAtMs: BigInt(goneAtMs),
  };
}
