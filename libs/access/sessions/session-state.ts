import { type KeyHash, Quarantine } from '../projection/quarantine.js';
import { isStored, type Stored } from '../projection/stored.js';
import type { EarlyDenies } from './early-denies.js';
import type { SessionRow } from './session-row.js';

/** A family or token that is revoked. */
export interface Revocation {
  /** Position of S of the record that revoked it. */
  readonly position: number;
  /** When whatever it could stop has expired, ms since the Unix epoch. */
  readonly untilMs: number;
}

/** What S says of one tenant. Ids of different tenants never meet. */
export interface TenantSessions {
  readonly id: string;
  readonly sessions: Map<string, SessionRow>;
  readonly families: Map<string, Revocation>;
  readonly tokens: Map<string, Revocation>;
}

/** Kept for longer than it is good for, so that a clock that steps back forgets nothing. */
export const keptAfterExpiryMs = 600_000;

/** Everything of ledger S that an evaluation reads. Only the fold (`session-view.ts`) writes it. */
export class SessionState implements Stored {
  readonly tenants = new Map<string, TenantSessions>();
  /** Sessions of all tenants by the SHA-256 of their token (base64url). */
  readonly byToken = new Map<string, SessionRow>();
  readonly quarantined: Quarantine;
  /** 1 until S was restored for the first time. */
  epoch = 1;
  /** Position of the last OPEN of S: what is older is dead, as its end may be lost; −1: none. */
  openedAt = -1;
  /** Position of the last event applied; −1: none. */
  position = -1;
  /** Not of the ledger: never stored, and no part of what is compared. */
  #early: EarlyDenies | undefined;

  constructor(keyHash: KeyHash) {
    this.quarantined = new Quarantine(keyHash);
  }

  /** Denies that the ledger does not say yet. */
  get early(): EarlyDenies | undefined {
    return this.#early;
  }

  set early(denies: EarlyDenies | undefined) {
    this.#early = denies;
  }

  save(): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(this).map(([name, value]) => [name, isStored(value) ? value.save() : value]),
    );
  }

  load(saved: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(saved)) {
      const own: unknown = Reflect.get(this, name);
      if (isStored(own)) own.load(value);
      else Reflect.set(this, name, value);
    }
  }

  /** The session, ended or not; undefined: none, or one that expired long ago. */
  find(tenant: string, session: string): SessionRow | undefined {
    return this.tenants.get(tenant)?.sessions.get(session);
  }

  /** The session with the token whose SHA-256 (base64url) this is: an exact look-up. */
  findByToken(sha256: string): SessionRow | undefined {
    return this.byToken.get(sha256);
  }

  get sessionCount(): number {
    let count = 0;
    for (const { sessions } of this.tenants.values()) count += sessions.size;
    return count;
  }

  ownTenant(id: string): TenantSessions {
    const known = this.tenants.get(id);
    if (known !== undefined) return known;
    const tenant = { id, sessions: new Map(), families: new Map(), tokens: new Map() };
    this.tenants.set(id, tenant);
    return tenant;
  }
}
