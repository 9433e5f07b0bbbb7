import { hash as digest } from 'node:crypto';

import type { DomainEvent } from './catalogue.js';
import type { Actor } from './envelope.js';
import { oauthWrites } from './oauth-writes.js';
import { sessionWrites } from './session-writes.js';
import { stateWrites } from './state-writes.js';
import type { KeyMaker, Writes } from './writes.js';

/** Everything a key can guard. `events.md` of the design says which event writes which. */
export type KeyKind =
  | 'admins'
  | 'api'
  | 'apikey'
  | 'apikeys-of'
  | 'artifact'
  | 'attempts'
  | 'cert'
  | 'certs-of'
  | 'challenge'
  | 'challenge-slot'
  | 'checkpoint'
  | 'children-of'
  | 'client'
  | 'client-of'
  | 'client-secrets-of'
  | 'code'
  | 'command'
  | 'consent'
  | 'consents-of'
  | 'credential'
  | 'credential-name'
  | 'device'
  | 'endpoint'
  | 'erasure'
  | 'extid'
  | 'factors-of'
  | 'family'
  | 'feature-level'
  | 'genesis'
  | 'grant'
  | 'grants-of'
  | 'granttuple'
  | 'group'
  | 'groupname'
  | 'groups-of'
  | 'jti'
  | 'key'
  | 'keyring'
  | 'loginname'
  | 'loginnames-of'
  | 'mac-key'
  | 'member'
  | 'passkey'
  | 'passkey-count'
  | 'password-of'
  | 'permission'
  | 'principal'
  | 'profile'
  | 'record-format'
  | 'recovery-of'
  | 'recovery-use'
  | 'role'
  | 'rolename'
  | 'rolename-of'
  | 'scope'
  | 'session'
  | 'session-token'
  | 'sessions-list'
  | 'sessions-of'
  | 'slug'
  | 'tenant'
  | 'tenant-settings'
  | 'token'
  | 'totp-step'
  | 'upstream'
  | 'usercode'
  | 'watermark'
  | 'writer';

/** The unit of conflict: two records collide when one reads or writes a key the other wrote. */
export interface Key {
  /** Owner of the name; `''` for names that are unique in the whole cluster. */
  readonly tenant: string;
  readonly kind: KeyKind;
  readonly id: string;
}

/**
 * The key as text, under which its document is stored. Injective: tenants hold no `/`, kinds no `:`.
 */
export function keyText(key: Key): string {
  return `${key.tenant}/${key.kind}:${key.id}`;
}

/** Prefix of the texts of all keys of one kind in one tenant. */
export function keyPrefix(tenant: string, kind: KeyKind): string {
  return `${tenant}/${kind}:`;
}

/**
 * What the record header holds: the first 16 bytes of the SHA-256 over tenant, kind and id, each
 * UTF-8 with its byte length (uint32, big endian) before it. Frozen with record format 1.
 */
export function keyHash(tenant: string, kind: KeyKind, id: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(12 + 3 * (tenant.length + kind.length + id.length));
  let end = 0;
  for (const part of [tenant, kind, id]) {
    const length = bytes.write(part, end + 4, 'utf8');
    bytes.writeUInt32BE(length, end);
    end += 4 + length;
  }
  return Buffer.from(digest('sha256', bytes.subarray(0, end), 'binary').slice(0, 16), 'latin1');
}

export function hashOf(key: Key): Uint8Array {
  return keyHash(key.tenant, key.kind, key.id);
}

/** GENESIS, OPEN, SEAL and KEY records write it. */
export const genesisKey: Key = { tenant: '', kind: 'genesis', id: '' };
/** FEATURE_LEVEL records write it; a record that relies on a level reads it. */
export const featureLevelKey: Key = { tenant: '', kind: 'feature-level', id: '' };

/** Every command of an instance reads it and its FENCE writes it: what came before is settled. */
export function writerKey(instance: string): Key {
  return { tenant: '', kind: 'writer', id: instance };
}

/** Single use of an idempotency key. Ids of different actors never meet. */
export function commandKey(tenant: string, actor: Actor, commandId: string): Key {
  return { tenant, kind: 'command', id: `${actor.tenant},${actor.principal},${commandId}` };
}

export interface CommandOrigin {
  readonly tenant: string;
  readonly actor: Actor;
  /** `''` when the caller gave none. */
  readonly commandId: string;
  /** Ids of the roles, in the actor's tenant, that permitted the command. */
  readonly permittedBy: readonly string[];
}

/**
 * What every command reads besides what its decider asks for: its tenant, its command id, and the
 * rights of whoever acts, so that an admin who is stripped while acting is voided. The writer adds
 * its own `writerKey`.
 */
export function defaultReads(origin: CommandOrigin): Key[] {
  const { tenant, actor, commandId, permittedBy } = origin;
  const reads: Key[] = [{ tenant, kind: 'tenant', id: tenant }];
  if (commandId !== '') reads.push(commandKey(tenant, actor, commandId));
  if (actor.principal === '') return reads;
  const own = (kind: KeyKind, id: string): Key => ({ tenant: actor.tenant, kind, id });
  reads.push(
    own('principal', actor.principal),
    own('grants-of', actor.principal),
    own('groups-of', actor.principal),
    ...permittedBy.map((role) => own('role', role)),
  );
  return reads;
}

/** The one table of what an event writes. */
const writes: Writes = { ...stateWrites, ...oauthWrites, ...sessionWrites };

/** The keys that an event of a tenant writes. Deciders never list their writes by hand. */
export function keysOf(event: DomainEvent, tenant: string): readonly Key[] {
  const row = writes[event.type] as (
    event: DomainEvent,
    at: KeyMaker,
    tenant: string,
  ) => readonly Key[];
  return row(event, (kind, id) => ({ tenant, kind, id }), tenant);
}
