/** What can be denied before ledger S says it. */
export type EarlyDenyKind = 'TOKEN' | 'FAMILY' | 'SESSION';

/** Something that was revoked while the ledger could not take the record. */
export interface EarlyDeny {
  readonly tenant: string;
  readonly kind: EarlyDenyKind;
  /** `jti`, family or session. */
  readonly id: string;
  /** Whatever it could stop is over then, ms since the Unix epoch. */
  readonly untilMs: number;
}

/** More than revocations that could come in an outage; beyond it the oldest are forgotten. */
const most = 100_000;

/**
 * Denies that are not in the ledger yet. They only ever take away, so they may be heeded early and in
 * any order; no state, snapshot or hash holds them.
 */
export class EarlyDenies {
  readonly #denies = new Map<string, EarlyDeny>();
  #version = 0;

  /** Grows with each one that is new. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#denies.size;
  }

  add(deny: EarlyDeny): void {
    const key = keyOf(deny.tenant, deny.kind, deny.id);
    const known = this.#denies.get(key);
    if (known !== undefined && known.untilMs >= deny.untilMs) return;
    this.#denies.set(key, deny);
    this.#version += 1;
    if (this.#denies.size <= most) return;
    for (const oldest of this.#denies.keys()) {
      this.#denies.delete(oldest);
      return;
    }
  }

  has(tenant: string, kind: EarlyDenyKind, id: string): boolean {
    return this.#denies.size > 0 && this.#denies.has(keyOf(tenant, kind, id));
  }

  all(): readonly EarlyDeny[] {
    return [...this.#denies.values()];
  }

  /** Forgets those that were over before a time, ms since the Unix epoch. */
  sweep(nowMs: number): void {
    for (const [key, { untilMs }] of this.#denies) {
      if (untilMs < nowMs) this.#denies.delete(key);
    }
  }
}

function keyOf(tenant: string, kind: EarlyDenyKind, id: string): string {
  return `${tenant}\n${kind}\n${id}`;
}
