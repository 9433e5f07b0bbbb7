import { foldEvent } from '#libs/decider/fold-event.js';
import { MemoryStore } from '#libs/decider/memory-store.js';
import { TrackedView } from '#libs/decider/tracked-view.js';
import type { DomainEvent, RoleGranted, VaultRef } from '#libs/events/catalogue.js';
import type { Actor } from '#libs/events/envelope.js';
import type { Command } from '#services/identity/domain/commands.js';
import { decide } from '#services/identity/domain/decide.js';
import { evolve } from '#services/identity/domain/evolve.js';

export const nowMs = 1_764_000_000_000;
export const vault: VaultRef = { id: 'v1', sha256: 'h1' };
export const tenantAdmin: Actor = { tenant: 't1', principal: 'p0' };
export const operator: Actor = { tenant: 'system', principal: 'root' };
export const system: Actor = { tenant: '', principal: '' };

/** What a decision came to, by value. */
export type Result =
  | { readonly events: readonly DomainEvent[] }
  | { readonly rejected: string; readonly fields?: readonly string[] };

export interface Circumstances {
  readonly tenant?: string;
  readonly actor?: Actor;
  readonly nowMs?: number;
  /** Events of another tenant, `t9`. */
  readonly elsewhere?: readonly DomainEvent[];
}

/** given(events).when(command): the tenant `t1` unless told otherwise. */
export function given(...events: readonly DomainEvent[]) {
  return {
    when: (command: Command, circumstances: Circumstances = {}): Result => {
      const tenant = circumstances.tenant ?? 't1';
      const store = storeOf(events, tenant, storeOf(circumstances.elsewhere ?? [], 't9'));
      const actor = circumstances.actor ?? tenantAdmin;
      const facts = { tenant, actor, nowMs: circumstances.nowMs ?? nowMs };
      const decision = decide(command, new TrackedView(store), facts);
      if ('events' in decision) return decision;
      const { reason, violations } = decision.rejected;
      if (violations.length === 0) return { rejected: reason };
      return { rejected: reason, fields: violations.map((one) => one.field) };
    },
  };
}

export function storeOf(
  events: readonly DomainEvent[],
  tenant = 't1',
  store = new MemoryStore(),
): MemoryStore {
  for (const [position, event] of events.entries()) {
    const context = { tenant, actor: system, position, atMs: nowMs, reason: '' };
    foldEvent(store, evolve, event, context);
  }
  return store;
}

export const tenant: DomainEvent = {
  type: 'TenantCreated',
  slug: 'acme',
  displayName: 'Acme',
  settings: {},
  blindIndexKey: vault,
};

export function user(principal: string, ...blindIndexes: readonly string[]): DomainEvent {
  const indexes = blindIndexes.length === 0 ? [`name-${principal}`] : blindIndexes;
  return {
    type: 'PrincipalRegistered',
    principal,
    kind: 'USER',
    profile: undefined,
    loginNames: indexes.map((index) => loginName(index)),
    origin: 'ADMIN',
  };
}

export function loginName(blindIndex: string) {
  return { kind: 'USERNAME', blindIndex, value: vault, verified: false } as const;
}

export function role(
  id: string,
  parents: readonly string[] = [],
  admin = false,
  permissions: readonly string[] = admin ? ['*'] : [],
): DomainEvent {
  return { type: 'RoleCreated', role: id, name: `name-${id}`, permissions, parents, admin };
}

export function granted(
  grant: string,
  subject: string,
  roleId: string,
  over: Partial<RoleGranted> = {},
): RoleGranted {
  const tuple = { grant, subjectKind: 'PRINCIPAL', subject, role: roleId } as const;
  return { type: 'RoleGranted', ...tuple, resourcePrefix: '', admin: false, ...over };
}

export const adminOf = (grant: string, subject: string, over: Partial<RoleGranted> = {}) =>
  granted(grant, subject, 'admin', { admin: true, ...over });

export function permission(name: string): DomainEvent {
  const facts = { resourceType: '', description: '', risk: 'NORMAL' } as const;
  return { type: 'PermissionDefined', permission: name, ...facts };
}

export function passwordSet(principal: string, credential: string, version = 1): DomainEvent {
  const secret = {
    version,
    hash: vault,
    params: 'm=1',
    cause: 'ADMIN',
    mustChange: false,
  } as const;
  return { type: 'PasswordSet', principal, credential, ...secret };
}
