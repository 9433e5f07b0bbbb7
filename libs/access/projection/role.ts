import { holdsMatch } from '../permission-pattern.js';

/** A role as the ledger has it. A grant may name a role that is not there: it then grants nothing. */
export class Role {
  /** Index among the roles of all tenants. */
  readonly index: number;
  readonly id: string;
  /** Position of the RoleCreated; −1: not created (yet). */
  createdAt = -1;
  deletedAt = -1;
  name = '';
  admin = false;
  /** Permission patterns → position of the event that added each. */
  readonly patterns = new Map<string, number>();
  /** Parent roles → position of the event that added each. */
  readonly parents = new Map<Role, number>();

  #bits = new Int32Array(0);
  #bitsOf = -1;

  constructor(index: number, id: string) {
    this.index = index;
    this.id = id;
  }

  get live(): boolean {
    return this.createdAt >= 0 && this.deletedAt < 0;
  }

  /** This role and every live role it inherits from, each once; cycles end. Nothing if not live. */
  closure(): readonly Role[] {
    const seen = new Set<Role>();
    if (this.live) seen.add(this);
    for (const role of seen) {
      for (const parent of role.parents.keys()) if (parent.live) seen.add(parent);
    }
    return [...seen];
  }

  /**
   * Whether the closure holds the permission. The bits (one per permission of the tenant) are made
   * once per generation of the tenant's roles and permissions.
   */
  allows(permission: number, names: readonly string[], generation: number): boolean {
    if (this.#bitsOf !== generation) this.#compile(names, generation);
    return (((this.#bits[permission >>> 5] as number) >>> (permission & 31)) & 1) === 1;
  }

  #compile(names: readonly string[], generation: number): void {
    const patterns = new Set(this.closure().flatMap((role) => [...role.patterns.keys()]));
    this.#bits = new Int32Array((names.length + 31) >>> 5);
    this.#bitsOf = generation;
    for (const [index, name] of names.entries()) {
      if (!holdsMatch(patterns, name)) continue;
      this.#bits[index >>> 5] = (this.#bits[index >>> 5] as number) | (1 << (index & 31));
    }
  }
}
