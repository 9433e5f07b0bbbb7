import type { AccessDenies } from './access-denies.js';
import type { ApiKey } from './api-key.js';
import { EntrySets } from './entry-sets.js';
import { PositionLists } from './position-lists.js';
import { PrefixTexts } from './prefix-texts.js';
import { type KeyHash, Quarantine } from './quarantine.js';
import { RecentRemovals } from './recent-removals.js';
import { Role } from './role.js';
import { SetEntries } from './set-entries.js';
import type { SigningKey } from './signing-keys.js';
import { isStored, type Stored } from './stored.js';
import { Subjects } from './subjects.js';
import { type Permission, Tenant } from './tenant.js';

/** Everything an evaluation reads. Only the fold (`apply-*.ts`) writes it. */
export class ViewState implements Stored {
  readonly tenants: Tenant[] = [];
  readonly principals = new Subjects();
  readonly groups = new Subjects();
  readonly prefixes = new PrefixTexts();
  readonly entries = new SetEntries(this.prefixes);
  readonly sets = new EntrySets(this.entries);
  readonly positions = new PositionLists();
  readonly roles: Role[] = [];
  /** API keys of all tenants by the SHA-256 of their text (base64url). */
  readonly apiKeys = new Map<string, ApiKey>();
  /** Signing keys by kid; kids are unique in the cluster. */
  readonly signingKeys = new Map<string, SigningKey>();
  /** Rows of principals that are suspended until a time (ms since the Unix epoch). */
  readonly suspendedUntil = new Map<number, number>();
  /** Rows of principals → position before which *everything* issued is dead, API keys too. */
  readonly issuedNotBefore = new Map<number, number>();
  readonly groupNames = new Map<number, string>();
  readonly removals = new RecentRemovals();
  readonly quarantined: Quarantine;
  /** Everything issued on a position before this one is dead, in every tenant. */
  watermark = -1;
  /** 1 until the ledger was restored for the first time. */
  epoch = 1;
  /** Position of the last OPEN: whatever was issued before it is dead, in every tenant; −1: none. */
  openedAt = -1;
  /** Position of the last event applied; −1: none. */
  position = -1;
  /** Numbers of the evaluation under way; typed, so that writing them allocates nothing. */
  readonly scratch = new Float64Array(2);
  /** Tenants that are not deleted, by the slug they were created with. */
  readonly tenantsBySlug = new Map<string, Tenant>();
  /** Rows of suspended and deleted principals → position of the event that made them so. */
  readonly statusAt = new Map<number, number>();
  readonly #tenantIndexes = new Map<string, number>();
  /** Not of the ledger: never stored, and no part of what is compared. */
  #early: AccessDenies | undefined;

  constructor(keyHash: KeyHash) {
    this.quarantined = new Quarantine(keyHash);
  }

  /** Denies that the ledger does not say yet. */
  get early(): AccessDenies | undefined {
    return this.#early;
  }

  set early(denies: AccessDenies | undefined) {
    this.#early = denies;
  }

  /** Every field but `scratch`: one that is added is stored without further ado. */
  save(): Record<string, unknown> {
    const fields = Object.entries(this).filter(([name]) => name !== 'scratch');
    return Object.fromEntries(
      fields.map(([name, value]) => [name, isStored(value) ? value.save() : value]),
    );
  }

  load(saved: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(saved)) {
      const own: unknown = Reflect.get(this, name);
      if (isStored(own)) own.load(value);
      else Reflect.set(this, name, value);
    }
    for (const { id, index } of this.tenants) this.#tenantIndexes.set(id, index);
  }

  findTenant(id: string): Tenant | undefined {
    const index = this.#tenantIndexes.get(id);
    return index === undefined ? undefined : this.tenants[index];
  }

  /** Row of a principal for `check`, or −1. Allocates nothing. */
  principalRow(tenant: string, principal: string): number {
    const index = this.#tenantIndexes.get(tenant);
    return index === undefined ? -1 : this.principals.find(index, principal);
  }

  /** A defined permission (its risk and staleness limit), or undefined. */
  findPermission(tenant: string, permission: string): Permission | undefined {
    const found = this.findTenant(tenant)?.permissions.get(permission);
    return found === undefined || found.retired ? undefined : found;
  }

  /** The tenant of a record; made with status UNKNOWN when its creation was not seen. */
  ownTenant(id: string): Tenant {
    const known = this.findTenant(id);
    if (known !== undefined) return known;
    const tenant = new Tenant(this.tenants.length, id);
    this.tenants.push(tenant);
    this.#tenantIndexes.set(id, tenant.index);
    return tenant;
  }

  /** The role that an event names; made (not live) when its creation was not seen. */
  ownRole(tenant: Tenant, id: string): Role {
    const known = tenant.roles.get(id);
    if (known !== undefined) return known;
    const role = new Role(this.roles.length, id);
    this.roles.push(role);
    tenant.roles.set(id, role);
    return role;
  }
}
