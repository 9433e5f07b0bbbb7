/** Whose access can be denied before ledger L says it. */
export type AccessDenyKind = 'TENANT' | 'PRINCIPAL' | 'CREDENTIAL' | 'CLIENT';

/** Access that was taken away while the ledger could not take the record. */
export interface AccessDeny {
  readonly tenant: string;
  readonly kind: AccessDenyKind;
  /** Tenant, principal, credential or client. */
  readonly id: string;
  /** When it ends by itself, ms since the Unix epoch; `endless`: not. */
  readonly untilMs: number;
  /** The revocation that it is for: unique in the cell. It is lifted by this name. */
  readonly hold: string;
}

/** Of a deny that nothing but the ledger ends. Exact on the wire. */
export const endless = Number.MAX_SAFE_INTEGER;

/**
 * Denies of what stands in ledger L, for as long as their record is not folded here. They only ever take
 * away. Unlike those of ledger S each is lifted again, by the position on which the ledger says it itself:
 * what was suspended may be resumed. Two revocations of one thing are told apart: it stays denied until
 * both are lifted. No state, snapshot or hash holds them. Their number is bounded by whoever holds them.
 */
export class AccessDenies {
  /** Of one thing → by revocation, until when. */
  readonly #denies = new Map<string, Map<string, number>>();
  /** What each revocation denies. */
  readonly #byHold = new Map<string, AccessDeny[]>();
  /** Revocations that the ledger says from a position on. */
  readonly #lifting = new Map<string, number>();
  #version = 0;
  #aside = false;

  /** Grows with each change. */
  get version(): number {
    return this.#version;
  }

  /** How many things are denied. */
  get size(): number {
    return this.#denies.size;
  }

  add(deny: AccessDeny): void {
    const { tenant, kind, id, hold, untilMs } = deny;
    const key = keyOf(tenant, kind, id);
    const holds = this.#denies.get(key) ?? new Map<string, number>();
    // Told once more: it is in force after all.
    this.#lifting.delete(hold);
    if (holds.has(hold)) return;
    this.#denies.set(key, holds.set(hold, untilMs));
    this.#byHold.set(hold, [...(this.#byHold.get(hold) ?? []), deny]);
    this.#version += 1;
  }

  /** Until when it is denied, ms since the Unix epoch; 0: it is not. */
  deniedUntil(tenant: string, kind: AccessDenyKind, id: string): number {
    if (this.#denies.size === 0 || this.#aside) return 0;
    const holds = this.#denies.get(keyOf(tenant, kind, id));
    return holds === undefined ? 0 : Math.max(...holds.values());
  }

  /** What the ledger alone says: for one look, which must not wait for anything. */
  aside<T>(look: () => T): T {
    this.#aside = true;
    try {
      return look();
    } finally {
      this.#aside = false;
    }
  }

  /** From `position` of L on the ledger speaks for itself. Takes effect in `settle`. */
  lift(hold: string, position: number): void {
    if (this.#byHold.has(hold)) this.#lifting.set(hold, position);
  }

  /** Everything up to `position` of L is folded. */
  settle(position: number): void {
    for (const [hold, at] of this.#lifting) if (at <= position) this.#drop(hold);
  }

  /** Forgets those that were over before a time, ms since the Unix epoch. */
  sweep(nowMs: number): void {
    for (const [hold, denies] of this.#byHold) {
      if (denies.every(({ untilMs }) => untilMs < nowMs)) this.#drop(hold);
    }
  }

  #drop(hold: string): void {
    for (const { tenant, kind, id } of this.#byHold.get(hold) ?? []) {
      const key = keyOf(tenant, kind, id);
      const holds = this.#denies.get(key);
      holds?.delete(hold);
      if (holds?.size === 0) this.#denies.delete(key);
    }
    this.#byHold.delete(hold);
    this.#lifting.delete(hold);
    this.#version += 1;
  }
}

function keyOf(tenant: string, kind: AccessDenyKind, id: string): string {
  return `${tenant}\n${kind}\n${id}`;
}
