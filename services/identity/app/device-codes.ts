import { hash } from 'node:crypto';
import { documentsOf } from '#services/identity/app/accounts.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import {
  executeSession,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import {
  familyStarted,
  grantRejected,
  newFamily,
  type FamilyStart,
  type StartedFamily,
} from '#services/identity/app/refresh-families.js';
import {
  ownCall,
  standingPermit,
  type CallOrigin,
} from '#services/identity/app/session-standing.js';
import { sessionLifetimes } from '#services/identity/app/session-lifetimes.js';
import { findSessionById, type Session } from '#services/identity/app/sessions.js';
import { redemptionProblem } from '#services/identity/domain/device-code/decide.js';
import {
  deviceCodes,
  userCodes,
  type DeviceCodeDocument,
} from '#services/identity/domain/device-code/state.js';
import { freeText } from '#services/identity/domain/names/free-text.js';

/** What a device asks for (RFC 8628, 3.1). Its client was authenticated before: it may append. */
export interface DeviceRequest {
  readonly tenant: string;
  readonly client: string;
  /** The service principal of the client. */
  readonly principal: string;
  readonly deviceCode: string;
  /** As its owner types it: without case and without what is between the letters. */
  readonly userCode: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly expiresAtMs: number;
  readonly artifact?: string | undefined;
  readonly origin?: CallOrigin | undefined;
}

export function issueDeviceCode(
  parts: IdentityParts,
  { tenant, principal, deviceCode, userCode, origin, ...rest }: DeviceRequest,
): Promise<Executed> {
  return executeSession(parts, ownCall({ tenant, principal }, origin), {
    type: 'IssueDeviceCode',
    ...rest,
    deviceSha256: sha256(deviceCode),
    userCodeSha256: userCodeSha256(userCode),
  });
}

/** What a user code stands for, to be shown to who typed it. Guesses are counted by the caller. */
export function findByUserCode(
  parts: IdentityParts,
  tenant: string,
  userCode: string,
): DeviceCodeDocument | undefined {
  const documents = documentsOf(parts.sessions.state);
  const device = userCodes.read(documents, tenant, userCodeSha256(userCode))?.deviceSha256;
  const found = device === undefined ? undefined : deviceCodes.read(documents, tenant, device);
  return found !== undefined && found.expiresAtMs > nowMs(parts) ? found : undefined;
}

export function findDeviceCode(
  parts: IdentityParts,
  tenant: string,
  deviceCode: string,
): DeviceCodeDocument | undefined {
  return deviceCodes.read(documentsOf(parts.sessions.state), tenant, sha256(deviceCode));
}

/** Somebody in a session says yes. Rejects NOT_FOUND, or ALREADY_USED for a second answer. */
export function approveDeviceCode(
  parts: IdentityParts,
  session: Session,
  userCode: string,
  approved: { readonly scopes: readonly string[] },
  origin?: CallOrigin,
): Promise<Executed> {
  const { principal, acr, authTimeMs, authPosition } = session;
  const permit = standingPermit(parts, session);
  return executeSession(parts, ownCall(session, origin, permit), {
    type: 'ApproveDeviceCode',
    ...approved,
    userCodeSha256: userCodeSha256(userCode),
    session: session.session,
    principal,
    acr,
    authTimeMs,
    authPosition,
  });
}

export function denyDeviceCode(
  parts: IdentityParts,
  session: Session,
  userCode: string,
  origin?: CallOrigin,
): Promise<Executed> {
  const userCodeHash = userCodeSha256(userCode);
  const { principal } = session;
  const command = { type: 'DenyDeviceCode', userCodeSha256: userCodeHash, principal } as const;
  return executeSession(parts, ownCall(session, origin), command);
}

export interface DeviceRedemption extends Omit<FamilyStart, 'session' | 'scopes' | 'audience'> {
  readonly tenant: string;
  readonly deviceCode: string;
  /** What the device is called, in lists of sessions. */
  readonly label: string;
}

/**
 * The device takes what was approved: a session of its own, without a token, and a family in it, in one
 * record. The session in which it was approved must still be good. Rejects WRONG_STATE while nobody has
 * answered (`authorization_pending`), PERMISSION_DENIED, ALREADY_USED, GRANT_REJECTED.
 */
export async function redeemDeviceCode(
  parts: IdentityParts,
  redemption: DeviceRedemption,
): Promise<StartedFamily & { readonly session: Session }> {
  const { tenant, deviceCode, client, label, origin, ...rest } = redemption;
  const device = findDeviceCode(parts, tenant, deviceCode);
  if (device === undefined || device.client !== client) throw grantRejected();
  const problem = redemptionProblem(device, nowMs(parts));
  if (problem !== undefined) throw problem.rejected;
  const by = device.approved && findSessionById(parts, tenant, device.approved.session);
  if (device.approved === undefined || by === undefined) throw grantRejected();
  const { acr, authTimeMs, authPosition, scopes } = device.approved;
  const { principal, credential, amr } = by;
  const lifetimes = sessionLifetimes(parts, tenant);
  const proved = { principal, client, credential, acr, amr, authTimeMs, authPosition };
  const expiresAtMs = nowMs(parts) + lifetimes.lifetimeMs;
  const session = {
    ...proved,
    session: parts.ids.uuid(),
    label: freeText(label, 100),
    sealed: '',
    expiresAtMs,
  };
  const owner = { ...session, tenant, startedAtMs: nowMs(parts), idleUntilMs: expiresAtMs };
  const family = newFamily(parts, {
    ...rest,
    client,
    scopes,
    audience: device.audience,
    session: owner,
  });
  const { refreshIdleMs: idleMs, mostSessions } = lifetimes;
  const permit = standingPermit(parts, owner);
  const executed = await executeSession(parts, ownCall(owner, origin, permit), {
    type: 'RedeemDeviceCode',
    deviceSha256: sha256(deviceCode),
    client,
    session: { type: 'StartSession', ...session, idleMs, mostSessions },
    family,
  });
  const { type: _, used: __, ...facts } = executedEvent(executed.events, 'SessionStarted');
  return { ...familyStarted(parts, tenant, executed), session: { ...facts, tenant } };
}

function userCodeSha256(userCode: string): string {
  return sha256(userCode.toUpperCase().replaceAll(/[^A-Z0-9]/gu, ''));
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}

function nowMs({ clock }: IdentityParts): number {
  return Math.trunc(clock.wallMs());
}
