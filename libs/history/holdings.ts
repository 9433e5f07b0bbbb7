import { listPermissions, type HeldPermission } from '#libs/access/evaluate/list-permissions.js';
import { principalStatus } from '#libs/access/evaluate/subject-status.js';
import { ALLOW, QUARANTINED } from '#libs/access/reason-code.js';
import type { Moment } from './moment.js';

const remembered = 10_000;
const nothing: readonly HeldPermission[] = [];

/** What the principals of one tenant may do at one moment. Principals that hold the same share it. */
export class Holdings {
  readonly #moment: Moment;
  readonly #tenant: string;
  readonly #ofSet = new Map<number, readonly HeldPermission[]>();

  constructor(moment: Moment, tenant: string) {
    this.#moment = moment;
    this.#tenant = tenant;
  }

  /** By name; `undefined` when it cannot be told. A principal that is not there holds nothing. */
  of(principal: string): readonly HeldPermission[] | undefined {
    const { view, atMs } = this.#moment;
    const row = view.principalRow(this.#tenant, principal);
    if (row < 0 || view.quarantined.size > 0) return this.#list(principal);
    if (principalStatus(view, row, atMs) !== ALLOW) return nothing;
    const set = view.principals.setOf(row);
    const known = this.#ofSet.get(set);
    if (known !== undefined) return known;
    if (this.#ofSet.size >= remembered) this.#ofSet.clear();
    const listed = this.#list(principal);
    if (listed !== undefined) this.#ofSet.set(set, listed);
    return listed;
  }

  #list(principal: string): readonly HeldPermission[] | undefined {
    const { view, atMs } = this.#moment;
    const question = { tenant: this.#tenant, principal, nowMs: atMs };
    const { code, permissions } = listPermissions(view, question);
    return code === QUARANTINED ? undefined : permissions;
  }
}
