import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent, Origin, PrincipalKind, VaultRef } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { admins, withoutHolder, withSuspension } from '#services/identity/domain/admins.js';
import { earlierWith } from '#services/identity/domain/erasure/earlier-blobs.js';
import type { WithEarlier } from '#services/identity/domain/erasure/earlier-blobs.js';
import { evolveErasure } from '#services/identity/domain/erasure/state.js';
import { redeem } from '#services/identity/domain/factor/redeemed.js';
import { grantsOf } from '#services/identity/domain/grant/state.js';
import { loginNames, loginNamesOf } from '#services/identity/domain/login-name/state.js';

export interface PrincipalDocument {
  readonly kind: PrincipalKind;
  readonly origin: Origin;
  readonly status: 'ACTIVE' | 'SUSPENDED' | 'DELETED';
  /** Suspended until then, ms since the Unix epoch; absent: until resumed. */
  readonly suspendedUntilMs?: number;
  readonly createdAtMs: number;
  /** Ledger position of the registration. */
  readonly position: number;
}

export const principals = new DocumentKind<PrincipalDocument>('principal');
export interface ProfileDocument extends WithEarlier {
  readonly profile?: VaultRef;
}

export const profiles = new DocumentKind<ProfileDocument>('profile');
/** Everything issued to the principal before this ledger position is dead. */
export const sessionsOf = new DocumentKind<{ readonly notBefore: number }>('sessions-of');

/** A principal that was not deleted. */
export function livePrincipal(
  view: DocumentReader,
  tenant: string,
  id: string,
): PrincipalDocument | undefined {
  const principal = principals.read(view, tenant, id);
  return principal?.status === 'DELETED' ? undefined : principal;
}

/** May act at this time: not deleted, and not suspended any more. */
export function isActive(principal: PrincipalDocument, nowMs: number): boolean {
  if (principal.status !== 'SUSPENDED') return principal.status === 'ACTIVE';
  return principal.suspendedUntilMs !== undefined && principal.suspendedUntilMs <= nowMs;
}

export type PrincipalEvent = Extract<
  DomainEvent,
  {
    type:
      | 'PrincipalRegistered'
      | 'ProfileChanged'
      | 'PrincipalSuspended'
      | 'PrincipalResumed'
      | 'SessionsInvalidated'
      | 'PrincipalDeleted'
      | 'SubjectErased';
  }
>;

export function evolvePrincipal(
  event: PrincipalEvent,
  to: DocumentWriter,
  context: EventContext,
): void {
  const { tenant, position } = context;
  const { principal } = event;
  switch (event.type) {
    case 'PrincipalRegistered':
      return register(event, to, context);
    case 'ProfileChanged':
      return putProfile(to, tenant, principal, event.profile);
    case 'PrincipalSuspended':
      return suspend(event, to, tenant);
    case 'PrincipalResumed': {
      principals.change(to, tenant, principal, (it) => ({ ...unsuspended(it), status: 'ACTIVE' }));
      if (!event.admin) return;
      return admins.change(to, tenant, tenant, (it) => withSuspension(it, principal, false));
    }
    case 'SessionsInvalidated':
      return sessionsOf.put(to, tenant, principal, { notBefore: position });
    case 'PrincipalDeleted': {
      const status = 'DELETED';
      principals.change(to, tenant, principal, (it) => ({ ...unsuspended(it), status }));
      const ids = event.blindIndexes.map((at) => loginNames.read(to, tenant, at)?.value.id);
      const earlier = earlierWith(loginNamesOf.read(to, tenant, principal), ...ids);
      for (const index of event.blindIndexes) loginNames.remove(to, tenant, index);
      loginNamesOf.put(to, tenant, principal, { blindIndexes: [], ...earlier });
      grantsOf.remove(to, tenant, principal);
      if (!event.admin) return;
      return admins.change(to, tenant, tenant, (it) => withoutHolder(it, principal));
    }
    case 'SubjectErased':
      return evolveErasure(event, to, context);
  }
}

function register(
  event: Extract<DomainEvent, { type: 'PrincipalRegistered' }>,
  to: DocumentWriter,
  { tenant, position, atMs }: EventContext,
): void {
  const { principal, kind, origin } = event;
  const status = 'ACTIVE';
  principals.put(to, tenant, principal, { kind, origin, status, createdAtMs: atMs, position });
  putProfile(to, tenant, principal, event.profile);
  for (const { blindIndex, ...name } of event.loginNames) {
    loginNames.put(to, tenant, blindIndex, { principal, ...name });
  }
  redeem(to, tenant, event.challenge, position);
  const blindIndexes = event.loginNames.map((name) => name.blindIndex);
  loginNamesOf.put(to, tenant, principal, { blindIndexes });
}

function suspend(
  event: Extract<DomainEvent, { type: 'PrincipalSuspended' }>,
  to: DocumentWriter,
  tenant: string,
): void {
  const { principal, untilMs } = event;
  const until = untilMs === undefined ? {} : { suspendedUntilMs: untilMs };
  const status = 'SUSPENDED';
  principals.change(to, tenant, principal, (it) => ({ ...unsuspended(it), status, ...until }));
  if (!event.admin) return;
  admins.change(to, tenant, tenant, (it) => withSuspension(it, principal, true, untilMs));
}

function unsuspended(document: PrincipalDocument): PrincipalDocument {
  const { suspendedUntilMs: _, ...rest } = document;
  return rest;
}

function putProfile(
  to: DocumentWriter,
  tenant: string,
  principal: string,
  profile: VaultRef | undefined,
): void {
  const before = profiles.read(to, tenant, principal);
  const document = {
    ...(profile === undefined ? {} : { profile }),
    ...earlierWith(before, before?.profile?.id),
  };
  if (Object.keys(document).length === 0) profiles.remove(to, tenant, principal);
  else profiles.put(to, tenant, principal, document);
}
