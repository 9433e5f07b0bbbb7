import { clientStatus } from '#libs/access/evaluate/client-status.js';
import { sessionStatus } from '#libs/access/evaluate/session-status.js';
import { ALLOW, QUARANTINED, type ReasonCode } from '#libs/access/reason-code.js';
import type { SessionRow } from '#libs/access/sessions/session-row.js';
import { Failure } from '#libs/errors/failure.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import type { CommandCall, IdentityParts } from '#services/identity/app/identity-parts.js';
import { credentialsRejected } from '#services/identity/app/verify-password.js';
import { sessionTokens } from '#services/identity/domain/session/state.js';

/** What a record keeps of a call besides its events. */
export type CallOrigin = Partial<Pick<CommandCall, 'reason' | 'traceparent'>>;

/** What ledger L is asked about somebody who was verified. */
export interface Standing {
  readonly tenant: string;
  readonly principal: string;
  readonly client?: string | undefined;
  /** Absent: it has not begun yet. */
  readonly session?: string | undefined;
  readonly credential: string;
  readonly authPosition: number;
}

/** Longest wait for a session that another instance has begun and this one has not read yet, ms. */
const WAIT_MS = 250;

/** A call of somebody about their own session; nothing of it is remembered by an id. */
export function ownCall(
  { tenant, principal }: Pick<Standing, 'tenant' | 'principal'>,
  { reason = '', traceparent = '' }: CallOrigin = {},
  permit: CommandCall['permit'] = () => ({ permittedBy: [] }),
): CommandCall {
  const actor = { tenant, principal };
  return { tenant, actor, commandId: '', requestDigest: '', reason, traceparent, permit };
}

/**
 * Whether L says that whoever was verified may go on: tenant, principal, client and credential are good,
 * and no watermark has come since. Asked at each attempt of a command on S, which cannot read keys of L;
 * what comes later is seen by whoever evaluates the session.
 */
export function standingPermit(parts: IdentityParts, standing: Standing): CommandCall['permit'] {
  return () => {
    const status = standingStatus(parts, standing);
    if (status === ALLOW) return { permittedBy: [] };
    if (status !== QUARANTINED) throw credentialsRejected();
    throw new Failure('QUARANTINED', 'a newer build wrote what this decision rests on: use that');
  };
}

export function isStanding(parts: IdentityParts, standing: Standing): boolean {
  return standingStatus(parts, standing) === ALLOW;
}

/** Whether what a client was given on this position of L still is: no consent was withdrawn since. */
export function isConsented(
  { ledger }: Pick<IdentityParts, 'ledger'>,
  { tenant, principal }: Pick<Standing, 'tenant' | 'principal'>,
  client: string,
  position: number,
): boolean {
  const { view } = ledger.fold;
  const found = view.findTenant(tenant);
  return found !== undefined && clientStatus(view, found, client, principal, position) === ALLOW;
}

/** The session's own end and times are documents of S; but an end that S could not take yet is heeded. */
function standingStatus({ ledger, sessions, clock }: IdentityParts, of: Standing): ReasonCode {
  const { tenant, principal, client = '', session = '', credential, authPosition } = of;
  const nowMs = clock.wallMs();
  const row: SessionRow = {
    tenant,
    session,
    principal,
    client,
    credential,
    acr: '',
    amr: [],
    authTimeMs: nowMs,
    authPosition,
    tokenSha256: '',
    idleUntilMs: Infinity,
    expiresAtMs: Infinity,
    startedAt: Infinity,
    changedAt: Infinity,
    endedAt: -1,
  };
  return sessionStatus(ledger.fold.view, sessions.fold.view, row, nowMs);
}

/** Where the session of a token is, whatever its state. */
export async function sessionByToken(
  { sessions }: IdentityParts,
  sha256: string,
): Promise<{ readonly tenant: string; readonly session: string } | undefined> {
  const find = () => sessionTokens.read(documentsOf(sessions.state), '', sha256);
  const found = find();
  if (found !== undefined) return found;
  await sessions.seeEnd(WAIT_MS);
  return find();
}
