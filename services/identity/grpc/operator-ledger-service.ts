import { newestLevel } from '#libs/events/feature-levels.js';
import { systemTenant } from '#libs/events/envelope.js';
import { encodeCheckpoint } from '#libs/ledger/checkpoint.js';
import type {
  GetFeatureLevelRequest,
  GetFeatureLevelResponse,
  LedgerServiceServer,
  RaiseFeatureLevelRequest,
  RaiseFeatureLevelResponse,
  SignFileRequest,
  SignFileResponse,
  SignHeadRequest,
  SignHeadResponse,
  WriteCheckpointRequest,
  WriteCheckpointResponse,
} from '#proto/ledgate/operator/v1/ledger.js';
import type { Checkpoints } from '#services/identity/app/checkpoints.js';
import { raiseFeatureLevel } from '#services/identity/app/feature-level.js';
import { requireFresh } from '#services/identity/app/identity-parts.js';
import { admitted, type Admission, type AdmittedCall } from '#services/identity/grpc/admission.js';

/** `ledgate.operator.v1.LedgerService`: checkpoints and feature levels. */
export function operatorLedgerService(
  admission: Admission,
  checkpoints: Checkpoints,
): LedgerServiceServer {
  return {
    signHead: admitted(admission, async (request: SignHeadRequest, call: AdmittedCall) =>
      signHead(checkpoints, request, call),
    ),
    signFile: admitted(admission, async (request: SignFileRequest, call: AdmittedCall) =>
      signFile(checkpoints, request, call),
    ),
    writeCheckpoint: admitted(admission, (_: WriteCheckpointRequest, call: AdmittedCall) =>
      writeCheckpoint(checkpoints, call),
    ),
    getFeatureLevel: admitted(admission, getFeatureLevel),
    raiseFeatureLevel: admitted(admission, raise),
  };
}

function signHead(
  checkpoints: Checkpoints,
  { position }: SignHeadRequest,
  call: AdmittedCall,
): SignHeadResponse {
  const wanted = position === undefined ? undefined : call.fields.position('position', position);
  call.permitRead({ tenant: systemTenant });
  const signed = checkpoints.sign(wanted);
  return {
    position: BigInt(signed.position),
    statement: Buffer.from(encodeCheckpoint(signed)),
  };
}

function signFile(
  checkpoints: Checkpoints,
  { sha256 }: SignFileRequest,
  call: AdmittedCall,
): SignFileResponse {
  if (sha256.length !== 32) call.fields.add('sha256', 'must have 32 bytes');
  call.permitRead({ tenant: systemTenant });
  return { signature: Buffer.from(checkpoints.signFile(sha256)) };
}

async function writeCheckpoint(
  checkpoints: Checkpoints,
  call: AdmittedCall,
): Promise<WriteCheckpointResponse> {
  call.permitRead({ tenant: systemTenant });
  const { position, about } = await checkpoints.write();
  return { position: BigInt(position), about: BigInt(about) };
}

async function getFeatureLevel(
  _: GetFeatureLevelRequest,
  call: AdmittedCall,
): Promise<GetFeatureLevelResponse> {
  call.permitRead({ tenant: systemTenant });
  return { level: call.parts.ledger.fold.featureLevel, newest: newestLevel };
}

async function raise(
  { level }: RaiseFeatureLevelRequest,
  call: AdmittedCall,
): Promise<RaiseFeatureLevelResponse> {
  call.permitRead({ tenant: systemTenant });
  requireFresh(call.parts);
  const position = await raiseFeatureLevel(call.parts.ledger, level);
  return position === undefined ? { level } : { level, position: BigInt(position) };
}
