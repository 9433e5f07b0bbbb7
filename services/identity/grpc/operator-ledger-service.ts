import { sessionLedgerSince } from '#libs/decider/ledger-rules.js';
import { Failure } from '#libs/errors/failure.js';
import { newestLevel } from '#libs/events/feature-levels.js';
import { systemTenant } from '#libs/events/envelope.js';
import { encodeCheckpoint } from '#libs/ledger/checkpoint.js';
import { Ledger } from '#proto/ledgate/operator/v1/ledger.js';
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
import type { LedgerCheckpoints } from '#services/identity/app/upkeep.js';
import { raiseFeatureLevel } from '#services/identity/app/feature-level.js';
import { requireFresh } from '#services/identity/app/identity-parts.js';
import { admitted, type Admission, type AdmittedCall } from '#services/identity/grpc/admission.js';

/** `ledgate.operator.v1.LedgerService`: checkpoints and feature levels. */
export function operatorLedgerService(
  admission: Admission,
  checkpoints: LedgerCheckpoints,
): LedgerServiceServer {
  return {
    signHead: admitted(admission, async (request: SignHeadRequest, call: AdmittedCall) =>
      signHead(checkpoints, request, call),
    ),
    signFile: admitted(admission, async (request: SignFileRequest, call: AdmittedCall) =>
      signFile(checkpoints, request, call),
    ),
    writeCheckpoint: admitted(admission, (request: WriteCheckpointRequest, call: AdmittedCall) =>
      writeCheckpoint(checkpoints, request, call),
    ),
    getFeatureLevel: admitted(admission, getFeatureLevel),
    raiseFeatureLevel: admitted(admission, raise),
  };
}

function signHead(
  checkpoints: LedgerCheckpoints,
  { position, ledger }: SignHeadRequest,
  call: AdmittedCall,
): SignHeadResponse {
  const wanted = position === undefined ? undefined : call.fields.position('position', position);
  call.permitRead({ tenant: systemTenant });
  const signed = of(checkpoints, ledger, call).sign(wanted);
  return {
    position: BigInt(signed.position),
    statement: Buffer.from(encodeCheckpoint(signed)),
  };
}

function signFile(
  checkpoints: LedgerCheckpoints,
  { sha256, ledger }: SignFileRequest,
  call: AdmittedCall,
): SignFileResponse {
  const signer = of(checkpoints, ledger, call);
  if (sha256.length !== 32) call.fields.add('sha256', 'must have 32 bytes');
  call.permitRead({ tenant: systemTenant });
  return { signature: Buffer.from(signer.signFile(sha256)) };
}

async function writeCheckpoint(
  checkpoints: LedgerCheckpoints,
  { ledger }: WriteCheckpointRequest,
  call: AdmittedCall,
): Promise<WriteCheckpointResponse> {
  const writer = of(checkpoints, ledger, call);
  call.permitRead({ tenant: systemTenant });
  const { position, about } = await writer.write();
  return { position: BigInt(position), about: BigInt(about) };
}

function of(checkpoints: LedgerCheckpoints, ledger: number, call: AdmittedCall): Checkpoints {
  if (ledger === Ledger.LEDGER_SESSIONS) return checkpoints.S;
  if (ledger > Ledger.LEDGER_SESSIONS) call.fields.add('ledger', 'there is no such ledger');
  return checkpoints.L;
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
  await requireSessionLog(call.parts, level);
  const position = await raiseFeatureLevel(call.parts.ledger, level);
  return position === undefined ? { level } : { level, position: BigInt(position) };
}

/** From its level on the cell needs ledger S: on Kafka somebody must have made its topic. */
async function requireSessionLog(
  { sessions }: AdmittedCall['parts'],
  level: number,
): Promise<void> {
  if (level < sessionLedgerSince) return;
  await sessions.source.log.end().catch((cause: unknown) => {
    const why = 'ledger S cannot be reached: run "ledgate init" again, which makes its topic';
    throw new Failure('WRONG_STATE', why, { cause });
  });
}
