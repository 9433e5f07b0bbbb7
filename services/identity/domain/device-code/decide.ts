import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept, futureProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import { grantRejected } from '#services/identity/domain/refresh-family/decide.js';
import { startWithSession } from '#services/identity/domain/refresh-family/with-session.js';
import { noSession } from '#services/identity/domain/session/decide.js';
import { liveSession } from '#services/identity/domain/session/state.js';
import type {
  ApproveDeviceCode,
  DenyDeviceCode,
  DeviceCodeCommand,
  IssueDeviceCode,
  RedeemDeviceCode,
} from './commands.js';
import { deviceCodes, userCodes } from './state.js';
import type { DeviceCodeDocument } from './state.js';

/** RFC 8628: a device asks, somebody answers elsewhere, the device takes the answer once. */
export function decideDeviceCode(
  command: DeviceCodeCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  switch (command.type) {
    case 'IssueDeviceCode':
      return issue(command, view, facts);
    case 'ApproveDeviceCode':
      return approve(command, view, facts);
    case 'DenyDeviceCode':
      return deny(command, view, facts);
    case 'RedeemDeviceCode':
      return redeem(command, view, facts);
  }
}

function issue(command: IssueDeviceCode, view: DocumentReader, facts: Facts): Decision {
  const { tenant, nowMs } = facts;
  const { deviceSha256, userCodeSha256, expiresAtMs } = command;
  const refused = refuseFields(['expires_at_ms', futureProblem(expiresAtMs, nowMs)]);
  if (refused !== undefined) return refused;
  const device = deviceCodes.read(view, tenant, deviceSha256);
  const user = userCodes.read(view, tenant, userCodeSha256);
  if (device !== undefined || (user !== undefined && user.expiresAtMs > nowMs)) {
    return reject('ALREADY_EXISTS', 'the code exists');
  }
  return accept({ ...command, type: 'DeviceCodeIssued' });
}

function approve(command: ApproveDeviceCode, view: DocumentReader, facts: Facts): Decision {
  const { session, principal } = command;
  const owner = liveSession(view, facts.tenant, session, facts.nowMs);
  if (owner?.principal !== principal) return noSession();
  const found = pending(command.userCodeSha256, view, facts);
  if ('rejected' in found) return found;
  const { deviceSha256, expiresAtMs } = found;
  return accept({ ...command, type: 'DeviceCodeApproved', deviceSha256, expiresAtMs });
}

function deny(command: DenyDeviceCode, view: DocumentReader, facts: Facts): Decision {
  const found = pending(command.userCodeSha256, view, facts);
  if ('rejected' in found) return found;
  const { deviceSha256, expiresAtMs } = found;
  return accept({ ...command, type: 'DeviceCodeDenied', deviceSha256, expiresAtMs });
}

interface Pending {
  readonly deviceSha256: string;
  readonly expiresAtMs: number;
}

function pending(
  userCodeSha256: string,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Pending | Rejection {
  const deviceSha256 = userCodes.read(view, tenant, userCodeSha256)?.deviceSha256;
  const device =
    deviceSha256 === undefined ? undefined : deviceCodes.read(view, tenant, deviceSha256);
  if (deviceSha256 === undefined || device === undefined || device.expiresAtMs <= nowMs) {
    return reject('NOT_FOUND', 'there is no such code, or it has expired');
  }
  if (device.status !== 'PENDING') return reject('ALREADY_USED', 'the code was answered before');
  return { deviceSha256, expiresAtMs: device.expiresAtMs };
}

function redeem(command: RedeemDeviceCode, view: DocumentReader, facts: Facts): Decision {
  const { deviceSha256, client, session, family } = command;
  const device = deviceCodes.read(view, facts.tenant, deviceSha256);
  if (device === undefined || device.client !== client) return grantRejected();
  const problem = redemptionProblem(device, facts.nowMs);
  if (problem !== undefined) return problem;
  const { approved, userCodeSha256, expiresAtMs } = device;
  if (approved?.principal !== session.principal || family.client !== client) {
    return grantRejected();
  }
  const started = startWithSession(session, family, undefined, view, facts);
  if ('rejected' in started) return started;
  const redeemed = {
    type: 'DeviceCodeRedeemed',
    deviceSha256,
    userCodeSha256,
    expiresAtMs,
  } as const;
  return accept(redeemed, ...started.events);
}

/** Why a device gets nothing for its code, now. */
export function redemptionProblem(
  device: DeviceCodeDocument,
  nowMs: number,
): Rejection | undefined {
  if (device.expiresAtMs <= nowMs) return grantRejected();
  switch (device.status) {
    case 'PENDING':
      return reject('WRONG_STATE', 'nobody has answered yet');
    case 'DENIED':
      return reject('PERMISSION_DENIED', 'it was refused');
    case 'REDEEMED':
      return reject('ALREADY_USED', 'the code was used before');
    case 'APPROVED':
      return undefined;
  }
}
