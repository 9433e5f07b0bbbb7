import { systemTenant } from '#libs/events/envelope.js';
import type {
  AppendBarrierRequest,
  GetStatusRequest,
  GetStatusResponse,
  LedgerServiceServer,
} from '#proto/ledgate/identity/v1/ledger.js';
import { requireFresh } from '#services/identity/app/identity-parts.js';
import { admitted, type Admission, type AdmittedCall } from '#services/identity/grpc/admission.js';

export function ledgerService(admission: Admission): LedgerServiceServer {
  return {
    getStatus: admitted(admission, getStatus),
    appendBarrier: admitted(admission, appendBarrier),
  };
}

async function getStatus(
  request: GetStatusRequest,
  call: AdmittedCall,
): Promise<GetStatusResponse> {
  call.permitRead({ tenant: systemTenant });
  const { ledger } = call.parts;
  const hashed = request.stateHash ? await ledger.state.stateHash() : undefined;
  const { window, position } = ledger.reader;
  // With a state hash the answer is about the position that was hashed.
  const at = hashed?.position ?? position;
  const accepted = window.acceptedCount;
  return {
    position: BigInt(at),
    chain: Buffer.from(window.chainAt(at) ?? window.chain).toString('hex'),
    stateHash: hashed?.hash ?? '',
    clusterId: ledger.fold.cluster?.clusterId ?? '',
    acceptedRecords: BigInt(accepted),
    voidRecords: BigInt(window.position + 1 - accepted),
    quarantinedKeys: BigInt(ledger.state.quarantinedKeys().length),
    stalenessMs: BigInt(Math.round(Math.min(ledger.reader.stalenessMs(), 2 ** 52))),
    healthy: ledger.reader.state === 'following',
  };
}

async function appendBarrier(_: AppendBarrierRequest, call: AdmittedCall) {
  const { tenant, principal } = call.caller;
  call.permitRead({ tenant });
  requireFresh(call.parts);
  const { ledger, sessions } = call.parts;
  const actor = { tenant, principal };
  const hasSessions = sessions.fold.cluster !== undefined;
  const [position, sessionPosition] = await Promise.all([
    ledger.barrier(tenant, actor),
    hasSessions ? sessions.barrier(tenant, actor) : -1,
  ]);
  const consistencyToken = ledger.tokenAt(position);
  return {
    consistencyToken,
    position: BigInt(position),
    sessionPosition: BigInt(sessionPosition),
  };
}
