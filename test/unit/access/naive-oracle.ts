import type { DomainEvent } from '#libs/events/catalogue.js';

/**
 * The rules once more, as slowly and plainly as possible: every question goes through the whole
 * history again. Shares no code with the library, on purpose.
 */
export interface Recorded {
  readonly tenant: string;
  readonly position: number;
  readonly event: DomainEvent;
}

type Type = DomainEvent['type'];
type Of<T extends Type> = Extract<DomainEvent, { type: T }>;
interface Hit<T extends Type> {
  readonly position: number;
  readonly event: Of<T>;
}

export interface Limits {
  readonly scopes: readonly string[];
  readonly prefix: string;
  readonly expires: number;
}

export class NaiveOracle {
  readonly #all: readonly Recorded[];

  constructor(all: readonly Recorded[]) {
    this.#all = all;
  }

  #hits<T extends Type>(tenant: string, ...types: T[]): Hit<T>[] {
    return this.#all
      .filter((each) => each.tenant === tenant && types.some((type) => type === each.event.type))
      .map(({ position, event }) => ({ position, event: event as Of<T> }));
  }

  #tenantReason(tenant: string): string | undefined {
    const types = ['TenantCreated', 'TenantSuspended', 'TenantResumed', 'TenantDeleted'] as const;
    let status = 'TENANT_UNKNOWN';
    for (const { event } of this.#hits(tenant, ...types)) {
      if (event.type === 'TenantDeleted') status = 'TENANT_DELETED';
      if (event.type === 'TenantCreated' && status === 'TENANT_UNKNOWN') status = 'ok';
      if (event.type === 'TenantSuspended' && status === 'ok') status = 'TENANT_SUSPENDED';
      if (event.type === 'TenantResumed' && status === 'TENANT_SUSPENDED') status = 'ok';
    }
    return status === 'ok' ? undefined : status;
  }

  /** Positions between which the principal exists: from its registration to its deletion. */
  #life(tenant: string, principal: string): { from: number; to: number } | undefined {
    const born = this.#hits(tenant, 'PrincipalRegistered').find(
      ({ event }) => event.principal === principal,
    );
    if (born === undefined) return undefined;
    const died = this.#hits(tenant, 'PrincipalDeleted').find(
      ({ event, position }) => event.principal === principal && position > born.position,
    );
    return { from: born.position, to: died?.position ?? Infinity };
  }

  #principalReason(tenant: string, principal: string, now: number): string | undefined {
    const life = this.#life(tenant, principal);
    if (life === undefined) return 'PRINCIPAL_UNKNOWN';
    if (life.to !== Infinity) return 'PRINCIPAL_DELETED';
    const last = this.#hits(tenant, 'PrincipalSuspended', 'PrincipalResumed')
      .filter(({ event, position }) => event.principal === principal && position > life.from)
      .at(-1)?.event;
    if (last?.type !== 'PrincipalSuspended') return undefined;
    return last.untilMs === undefined || now < last.untilMs ? 'PRINCIPAL_SUSPENDED' : undefined;
  }

  #isDefined(tenant: string, permission: string): boolean {
    const last = this.#hits(tenant, 'PermissionDefined', 'PermissionRetired')
      .filter(({ event }) => event.permission === permission)
      .at(-1);
    return last?.event.type === 'PermissionDefined' && !/\*/.test(permission) && permission !== '';
  }

  #roleAllows(tenant: string, role: string, action: string, seen: readonly string[] = []): boolean {
    if (seen.includes(role)) return false;
    const types = ['RoleCreated', 'RoleDeleted'] as const;
    const mine = this.#hits(tenant, ...types).filter(({ event }) => event.role === role);
    const created = mine.find(({ event }) => event.type === 'RoleCreated') as Hit<'RoleCreated'>;
    if (created === undefined) return false;
    if (mine.some((hit) => hit.event.type === 'RoleDeleted' && hit.position > created.position)) {
      return false;
    }
    let permissions = [...created.event.permissions];
    let parents = [...created.event.parents];
    for (const hit of this.#hits(tenant, 'RolePermissionsChanged', 'RoleParentsChanged')) {
      if (hit.event.role !== role || hit.position < created.position) continue;
      const { added, removed } = hit.event;
      const change = (list: string[]) => [...list.filter((x) => !removed.includes(x)), ...added];
      if (hit.event.type === 'RolePermissionsChanged') permissions = change(permissions);
      else parents = change(parents);
    }
    return (
      permissions.some((pattern) => patternMatches(pattern, action)) ||
      parents.some((parent) => this.#roleAllows(tenant, parent, action, [...seen, role]))
    );
  }

  #groupLife(tenant: string, group: string): { from: number; to: number } | undefined {
    const hits = this.#hits(tenant, 'GroupCreated', 'GroupDeleted');
    const born = hits.find((h) => h.event.type === 'GroupCreated' && h.event.group === group);
    if (born === undefined) return undefined;
    const died = hits.find(
      (h) =>
        h.event.type === 'GroupDeleted' && h.event.group === group && h.position > born.position,
    );
    return { from: born.position, to: died?.position ?? Infinity };
  }

  #groupsOf(tenant: string, principal: string): string[] {
    const from = this.#life(tenant, principal)?.from ?? Infinity;
    const members = new Map<string, boolean>();
    for (const { event, position } of this.#hits(
      tenant,
      'GroupMemberAdded',
      'GroupMemberRemoved',
    )) {
      if (event.principal !== principal || position < from) continue;
      members.set(event.group, event.type === 'GroupMemberAdded');
    }
    return [...members].filter(([, is]) => is).map(([group]) => group);
  }

  /** Live grants of a subject as [role, prefix, expiry]. */
  #grants(tenant: string, kind: 'PRINCIPAL' | 'GROUP', id: string): [string, string, number][] {
    const life = kind === 'GROUP' ? this.#groupLife(tenant, id) : this.#life(tenant, id);
    if (life === undefined || life.to !== Infinity) return [];
    const found: [string, string, number][] = [];
    for (const hit of this.#hits(tenant, 'RoleGranted', 'GrantChanged', 'GrantRevoked')) {
      const { event, position } = hit;
      if (event.subjectKind !== kind || event.subject !== id || position < life.from) continue;
      const at = found.findIndex(([r, p]) => r === event.role && p === event.resourcePrefix);
      if (event.type === 'GrantRevoked') {
        if (at >= 0) found.splice(at, 1);
        continue;
      }
      if (at < 0 && event.type === 'GrantChanged') continue;
      const next: [string, string, number] = [
        event.role,
        event.resourcePrefix,
        event.expiresAtMs ?? Infinity,
      ];
      if (at < 0) found.push(next);
      else found[at] = next;
    }
    return found;
  }

  decide(
    tenant: string,
    principal: string,
    action: string,
    resource: string,
    now: number,
    limits: Limits = { scopes: [], prefix: '', expires: Infinity },
  ): string {
    const early = this.#tenantReason(tenant) ?? this.#principalReason(tenant, principal, now);
    if (early !== undefined) return early;
    if (limits.expires <= now) return 'CREDENTIAL_EXPIRED';
    if (!this.#isDefined(tenant, action)) return 'UNKNOWN_PERMISSION';
    if (!isGoodResource(resource)) return 'RESOURCE_INVALID';
    if (!isUnder(limits.prefix, resource)) return 'RESOURCE_OUT_OF_KEY_SCOPE';
    const scoped = limits.scopes.some((scope) => patternMatches(scope, action));
    if (limits.scopes.length > 0 && !scoped) return 'SCOPE_INSUFFICIENT';
    const grants = [
      ...this.#grants(tenant, 'PRINCIPAL', principal),
      ...this.#groupsOf(tenant, principal).flatMap((g) => this.#grants(tenant, 'GROUP', g)),
    ];
    const allowed = grants.some(
      ([role, prefix, expiry]) =>
        expiry > now && isUnder(prefix, resource) && this.#roleAllows(tenant, role, action),
    );
    return allowed ? 'ALLOWED' : 'NO_GRANT';
  }

  /** The API key that the view would find, and what it finds wrong with it. */
  apiKey(
    sha256: string,
    now: number,
  ): { reason: string; tenant: string; principal: string; limits: Limits } {
    const none = { tenant: '', principal: '', limits: { scopes: [], prefix: '', expires: 0 } };
    const keys = this.#createdKeys();
    const key = keys.find(({ event }) => event.sha256 === sha256);
    if (key === undefined) return { reason: 'CREDENTIAL_UNKNOWN', ...none };
    const { event, tenant, position } = key;
    const overlaps = keys
      .filter(
        (other) =>
          other.tenant === tenant &&
          other.position > position &&
          other.event.replaces === event.credential &&
          other.event.principal === event.principal,
      )
      .map((other) => other.event.overlapUntilMs ?? -Infinity);
    const replaced = Math.min(Infinity, ...overlaps);
    const limits = {
      scopes: event.scopes,
      prefix: event.resourcePrefix ?? '',
      expires: Math.min(event.expiresAtMs ?? Infinity, replaced),
    };
    const reason =
      this.#tenantReason(tenant) ??
      this.#principalReason(tenant, event.principal, now) ??
      this.#keyReason(key, replaced, now) ??
      'ALLOWED';
    return { reason, tenant, principal: event.principal, limits };
  }

  #keyReason(
    key: { event: Of<'ApiKeyCreated'>; tenant: string; position: number },
    replaced: number,
    now: number,
  ): string | undefined {
    const { event, tenant, position } = key;
    const same = (hit: { event: { credential: string } }) =>
      hit.event.credential === event.credential;
    const revoked = this.#hits(tenant, 'ApiKeyRevoked').filter(same);
    if (revoked.some((hit) => hit.position > position)) return 'CREDENTIAL_REVOKED';
    const blocks = this.#hits(tenant, 'CredentialBlocked', 'CredentialUnblocked').filter(same);
    if (blocks.at(-1)?.event.type === 'CredentialBlocked') return 'CREDENTIAL_BLOCKED';
    if (replaced <= now) return 'CREDENTIAL_REPLACED';
    if ((event.expiresAtMs ?? Infinity) <= now) return 'CREDENTIAL_EXPIRED';
    const dead = this.#watermarks(tenant, event.principal, '').some((w) => w.raised > position);
    return dead ? 'WATERMARK' : undefined;
  }

  #createdKeys(): { event: Of<'ApiKeyCreated'>; tenant: string; position: number }[] {
    const kept: { event: Of<'ApiKeyCreated'>; tenant: string; position: number }[] = [];
    for (const { tenant, position, event } of this.#all) {
      if (event.type !== 'ApiKeyCreated') continue;
      const life = this.#life(tenant, event.principal);
      if (life === undefined || position < life.from || position > life.to) continue;
      const taken = kept.some(
        (other) =>
          other.event.sha256 === event.sha256 ||
          (other.tenant === tenant && other.event.credential === event.credential),
      );
      if (!taken) kept.push({ event, tenant, position });
    }
    return kept;
  }

  /** Raised watermarks that apply to a principal and a client. */
  #watermarks(tenant: string, principal: string, client: string): { raised: number }[] {
    const life = this.#life(tenant, principal);
    return this.#all
      .filter(({ event, tenant: of, position }) => {
        if (event.type !== 'WatermarkRaised') return false;
        if (event.scope === 'ALL') return true;
        if (event.scope === 'TENANT') {
          return of === tenant
            ? of !== 'system' || ['', of].includes(event.id)
            : of === 'system' && event.id === tenant;
        }
        if (of !== tenant) return false;
        if (event.scope === 'CLIENT') return client !== '' && event.id === client;
        return event.id === principal && life !== undefined && position > life.from;
      })
      .map(({ position }) => ({ raised: position }));
  }

  token(
    token: { tenant: string; principal: string; client: string; kid: string; at: number },
    expires: number,
    now: number,
  ): string {
    const { tenant, principal } = token;
    const early =
      this.#tenantReason(tenant) ??
      this.#principalReason(tenant, principal, now) ??
      this.#signingKey(token.kid, now);
    if (early !== undefined) return early;
    if (expires <= now) return 'CREDENTIAL_EXPIRED';
    const from = this.#life(tenant, principal)?.from ?? Infinity;
    const sessions = this.#hits(tenant, 'PasswordSet', 'SessionsInvalidated')
      .filter(({ event, position }) => event.principal === principal && position > from)
      .map(({ position }) => position);
    const raised = this.#watermarks(tenant, principal, token.client).map((each) => each.raised);
    const good = [0, ...sessions, ...raised].every((watermark) => token.at >= watermark);
    return good ? 'ALLOWED' : 'WATERMARK';
  }

  #signingKey(kid: string, now: number): string | undefined {
    const keys = new Map<string, { status: string; until: number }>();
    for (const { event } of this.#all) {
      if (!('kid' in event)) continue;
      const key = keys.get(event.kid);
      if (event.type === 'SigningKeyPublished') {
        if (key === undefined) keys.set(event.kid, { status: 'NOT_ACTIVE', until: Infinity });
      } else if (key === undefined) continue;
      else if (event.type === 'SigningKeyCompromised') key.status = 'COMPROMISED';
      else if (event.type === 'SigningKeyRemoved') {
        key.status = key.status === 'COMPROMISED' ? 'COMPROMISED' : 'REMOVED';
      } else if (key.status === 'NOT_ACTIVE' || key.status === 'RETIRING') {
        const previous = keys.get(event.previousKid ?? '');
        if (previous?.status === 'ACTIVE') {
          previous.status = 'RETIRING';
          previous.until = event.retireAfterMs ?? Infinity;
        }
        key.status = 'ACTIVE';
      }
    }
    const key = keys.get(kid);
    if (key === undefined) return 'SIGNING_KEY_UNKNOWN';
    if (key.status === 'ACTIVE') return undefined;
    if (key.status !== 'RETIRING') return `SIGNING_KEY_${key.status}`;
    return now < key.until ? undefined : 'SIGNING_KEY_RETIRED';
  }

  passwordVersion(tenant: string, principal: string): number {
    const from = this.#life(tenant, principal)?.from ?? Infinity;
    const last = this.#hits(tenant, 'PasswordSet', 'PasswordRemoved')
      .filter(({ event, position }) => event.principal === principal && position > from)
      .at(-1)?.event;
    return last?.type === 'PasswordSet' ? last.version : 0;
  }
}

function patternMatches(pattern: string, action: string): boolean {
  if (action === '' || action.includes('*')) return false;
  if (pattern === '*' || pattern === action) return true;
  const parts = pattern.split(':');
  if (parts.length < 2 || parts.at(-1) !== '*' || pattern.indexOf('*') !== pattern.length - 1) {
    return false;
  }
  const stem = parts.slice(0, -1);
  const asked = action.split(':');
  return (
    asked.length > stem.length &&
    action !== `${stem.join(':')}:` &&
    stem.every((part, i) => part === asked[i])
  );
}

function isUnder(prefix: string, resource: string): boolean {
  if (prefix === '') return true;
  const [above, below] = [prefix.split('/'), resource.split('/')];
  return above.length <= below.length && above.every((segment, i) => segment === below[i]);
}

function isGoodResource(resource: string): boolean {
  if (resource === '') return true;
  if (new TextEncoder().encode(resource).length > 1024) return false;
  if (resource !== resource.normalize('NFC') || /\p{Surrogate}/u.test(resource)) return false;
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f\\]/.test(resource) || /%(2e|2f|5c|25)/i.test(resource)) {
    return false;
  }
  return resource.split('/').every((segment) => !['', '.', '..'].includes(segment));
}
