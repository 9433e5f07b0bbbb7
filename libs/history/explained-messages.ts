import type { EventRef, GrantPath } from '#proto/ledgate/authorizer/v1/authorizer.js';
import type { ExplainedPath } from './explained.js';
import type { RecordedEvent } from './recorded-events.js';

// What explanations look like on the wire, in the authorizer's answers and in those about the past.

export function pathMessage(path: ExplainedPath): GrantPath {
  const [granted] = path.roleChain;
  return {
    grantId: path.grant,
    roleId: granted?.role ?? '',
    roleName: granted?.name ?? '',
    roleChain: path.roleChain.map(({ role }) => role),
    permissionPattern: path.pattern,
    resourcePrefix: path.resourcePrefix,
    groupId: path.group?.id ?? '',
    expiresAtMs: timeOrZero(path.expiresAtMs),
    missing: path.missing === 'NOTHING' ? '' : path.missing,
    events: path.events.map(eventMessage),
  };
}

export function eventMessage({
  position,
  ledger,
  wireType,
  actor,
  atMs,
  reason,
}: Omit<RecordedEvent, 'event' | 'tenant'>): EventRef {
  return {
    position: BigInt(position),
    type: wireType,
    actorTenantId: actor.tenant,
    actorPrincipalId: actor.principal,
    atMs: BigInt(atMs),
    reason,
    ...(ledger === undefined ? {} : { ledger }),
  };
}

/** Infinity: never, which is 0 on the wire. */
export function timeOrZero(ms: number): bigint {
  return Number.isFinite(ms) ? BigInt(Math.floor(ms)) : 0n;
}
