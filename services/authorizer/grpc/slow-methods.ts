import type { handleUnaryCall } from '@grpc/grpc-js';
import { Failure } from '#libs/errors/failure.js';
import { systemTenant } from '#libs/events/envelope.js';
import { callerCredential } from '#libs/grpc/caller-credential.js';
import { unary, type CallContext, type UnaryWiring } from '#libs/grpc/unary.js';
import {
  ExplainRequest,
  ExplainResponse,
  GetStatusRequest,
  GetStatusResponse,
  ListPermissionsRequest,
  ListPermissionsResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import type { Authorizer } from '#services/authorizer/app/authorizer.js';
import type { Call } from '#services/authorizer/app/call.js';
import { explainPermission, type Caller } from '#services/authorizer/app/callers.js';
import type { Asked, Decider } from '#services/authorizer/app/decider.js';
import { explainDecision } from '#services/authorizer/app/explain.js';
import type { LedgerRecords } from '#libs/history/ledger-records.js';
import type { LedgerView } from '#services/authorizer/app/ledger-view.js';
import { limits } from '#services/authorizer/app/limits.js';
import { pageOfPermissions } from '#services/authorizer/app/list-permissions.js';
import type { Consistency, Who } from '#services/authorizer/app/question.js';
import { statusOf } from '#services/authorizer/app/status.js';
import { Checks } from './checks.js';
import { headerOf } from './direct-unary.js';
import { malformed } from './refusals.js';
import {
  answeredMessage,
  consistencyOf,
  endpointOfMessage,
  explainedMessage,
  pageMessage,
  whoOf,
} from './wire/wire-messages.js';

export interface SlowParts {
  readonly authorizer: Authorizer;
  readonly ledger: LedgerView;
  readonly decider: Decider;
  readonly records: LedgerRecords;
}

interface Message<T> {
  decode(bytes: Uint8Array): T;
}

type ByteHandler = handleUnaryCall<Buffer, Buffer>;

/** The methods that people and tools use: decoded by the generated code, on grpc-js's own way. */
export function slowMethods(
  parts: SlowParts,
  wiring: UnaryWiring,
): Record<'listPermissions' | 'explain' | 'getStatus', ByteHandler> {
  return {
    listPermissions: unary(wiring, async (bytes: Buffer, context) => {
      const response = await listPermissions(parts, wiring, bytes, context);
      return Buffer.from(ListPermissionsResponse.encode(response).finish());
    }),
    explain: unary(wiring, async (bytes: Buffer, context) => {
      const response = await explain(parts, wiring, bytes, context);
      return Buffer.from(ExplainResponse.encode(response).finish());
    }),
    getStatus: unary(wiring, async (bytes: Buffer, context) => {
      const response = await getStatus(parts, wiring, bytes, context);
      return Buffer.from(GetStatusResponse.encode(response).finish());
    }),
  };
}

async function listPermissions(
  parts: SlowParts,
  wiring: UnaryWiring,
  bytes: Buffer,
  context: CallContext,
): Promise<ListPermissionsResponse> {
  const request = read(ListPermissionsRequest, bytes);
  const { resource, pageSize, pageToken } = request;
  const checks = new Checks();
  const who = checks.who(whoOf(request.who), '');
  checks.resource(resource, '');
  if (pageSize < 0 || pageSize > limits.pageSize) {
    checks.add('page_size', `must be from 0 to ${limits.pageSize}`);
  }
  const consistency = checks.consistency(consistencyOf(request.consistency));
  checks.check();
  const { caller, asked } = await admit(parts, wiring, context, who, consistency);
  const page = { resource, pageSize, pageToken };
  const nowMs = wiring.clock.wallMs();
  return pageMessage(pageOfPermissions(parts.ledger, caller, asked, page, nowMs));
}

async function explain(
  parts: SlowParts,
  wiring: UnaryWiring,
  bytes: Buffer,
  context: CallContext,
): Promise<ExplainResponse> {
  const request = read(ExplainRequest, bytes);
  const { action, resource } = request;
  const checks = new Checks();
  const endpoint = endpointOfMessage(request.endpoint);
  const wire = { who: whoOf(request.who), action, resource, consistency: undefined, endpoint };
  const question = checks.question(wire, '');
  const consistency = checks.consistency(consistencyOf(request.consistency));
  checks.check();
  const { caller, asked } = await admit(parts, wiring, context, question.who, consistency);
  const nowMs = wiring.clock.wallMs();
  caller.require(explainPermission, nowMs);
  return explainedMessage(await explainDecision(parts, caller, asked, question, nowMs));
}

async function getStatus(
  parts: SlowParts,
  wiring: UnaryWiring,
  bytes: Buffer,
  context: CallContext,
): Promise<GetStatusResponse> {
  const { stateHash } = read(GetStatusRequest, bytes);
  const caller = await parts.authorizer.admit(callOf(context, wiring), undefined);
  if (stateHash && caller.tenant !== systemTenant) {
    // It takes one turn over the state of all tenants, and tells when any of them changes.
    throw new Failure('PERMISSION_DENIED', 'only the system tenant asks for the state hash');
  }
  const status = statusOf(parts.ledger, stateHash, wiring.clock.wallMs());
  return {
    answered: answeredMessage(status.answered),
    clusterId: status.clusterId,
    stateHash: status.stateHash,
    chain: status.chain,
    acceptedRecords: BigInt(status.acceptedRecords),
    voidRecords: BigInt(status.voidRecords),
    quarantinedKeys: BigInt(status.quarantinedKeys),
  };
}

/** The caller, and whom it asks about. */
async function admit(
  { authorizer }: SlowParts,
  wiring: UnaryWiring,
  context: CallContext,
  who: Who,
  consistency: Consistency,
): Promise<{ caller: Caller; asked: Asked }> {
  const call = callOf(context, wiring);
  const first = await authorizer.admit(call, consistency);
  const asked = await authorizer.recognise(who, call, first);
  // Whatever was waited for may have changed what the caller may do.
  return { caller: await authorizer.admit(call, undefined), asked };
}

function callOf(context: CallContext, { clock }: UnaryWiring): Call {
  const deadlineMs = clock.wallMs() + context.remainingMs();
  return {
    header: headerOf(context.metadata),
    bearer: () => callerCredential(context.metadata),
    deadlineMs: () => deadlineMs,
  };
}

function read<T>(message: Message<T>, bytes: Buffer): T {
  try {
    return message.decode(bytes);
  } catch (error) {
    throw malformed(error instanceof Error ? error : new Error('unreadable'));
  }
}
