import type { Risk, TenantSettings } from '#libs/events/catalogue.js';

import type { Api } from './api.js';
import type { ApiKey } from './api-key.js';
import type { Client, WithdrawnConsent } from './client.js';
import type { Role } from './role.js';

export type TenantStatus = 'UNKNOWN' | 'ACTIVE' | 'SUSPENDED' | 'DELETED';

export interface Permission {
  /** Bit of the permission in the compiled roles of its tenant. */
  readonly index: number;
  readonly name: string;
  resourceType: string;
  risk: Risk;
  maxStalenessMs: number | undefined;
  /** Allowed only where the decision is recorded. */
  auditRequired: boolean;
  retired: boolean;
  /** Position of the event that last shaped it. */
  position: number;
}

/** What tokens with a scope may use of the rights of their principal. */
export interface Scope {
  readonly permissions: readonly string[];
  readonly consentRequired: boolean;
  readonly retired: boolean;
  /** Position of the event that last shaped it. */
  readonly position: number;
}

/** What a tenant holds besides its principals and groups. */
export class Tenant {
  readonly index: number;
  readonly id: string;
  slug = '';
  status: TenantStatus = 'UNKNOWN';
  /** Position of the event that gave it its status. */
  statusAt = -1;
  settings: TenantSettings = {};
  /** Everything issued in the tenant on a position before this one is dead. */
  watermark = -1;
  readonly clientWatermarks = new Map<string, number>();
  readonly permissions = new Map<string, Permission>();
  /** Names of all permissions ever defined, by their index. */
  readonly permissionNames: string[] = [];
  readonly roles = new Map<string, Role>();
  readonly scopes = new Map<string, Scope>();
  /** Grows when scopes change; what was resolved for an older one is resolved anew. */
  scopeGeneration = 0;
  /** APIs whose endpoints have rules, by name. */
  readonly apis = new Map<string, Api>();
  readonly apiKeys = new Map<string, ApiKey>();
  /** Blocked credentials, passwords and API keys alike → position of the block. */
  readonly blocked = new Map<string, number>();
  /** Removed credentials (second factors, client secrets, …) → position of the removal. */
  readonly removed = new Map<string, number>();
  readonly clients = new Map<string, Client>();
  /** Clients → principals that withdrew their consent for them at least once. */
  readonly withdrawnConsents = new Map<string, Map<string, WithdrawnConsent>>();
  /** Grows when roles or permissions change; what was compiled for an older one is made anew. */
  generation = 0;

  constructor(index: number, id: string) {
    this.index = index;
    this.id = id;
  }
}
