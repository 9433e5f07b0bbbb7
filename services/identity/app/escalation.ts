import type { ViewState } from '#libs/access/projection/view-state.js';
import { Failure } from '#libs/errors/failure.js';
import type { StateStore } from '#libs/decider/state-store.js';
import { keyText } from '#libs/events/keys.js';
import type { Clock } from '#libs/runtime/clock.js';
import { isUnlimited, type Caller } from '#services/identity/app/caller.js';
import {
  holdsAll,
  isAdministrative,
  isReserved,
  ledgateRights,
} from '#services/identity/app/ledgate-rights.js';
import { passwords, type PasswordDocument } from '#services/identity/domain/password/state.js';
import { admins, isAdmin, type AdminsDocument } from '#services/identity/domain/admins.js';

type Documents = Pick<StateStore, 'get'>;
type Person = Pick<Caller, 'tenant' | 'principal'>;

/**
 * Only who administers may make administrators: whoever may grant roles, but holds no admin grant,
 * cannot hand out Ledgate's own permissions, nor take over the credentials of an administrator, nor
 * of anybody who holds more of those permissions. A limited credential never counts as an
 * administrator's: by way of another administrator it could make itself a wider one.
 */
export class EscalationGuard {
  readonly #state: Documents;
  readonly #view: () => ViewState;
  readonly #clock: Pick<Clock, 'wallMs'>;

  constructor(state: Documents, view: () => ViewState, clock: Pick<Clock, 'wallMs'>) {
    this.#state = state;
    this.#view = view;
    this.#clock = clock;
  }

  /**
   * Throws unless the caller administers its own tenant (for system principals: the cluster), and
   * calls with a credential that carries all of that.
   */
  requireAdmin(caller: Caller): void {
    if (this.#actsAsAdmin(caller)) return;
    throw notAdmin();
  }

  /** Before a role is granted, or inherited from. */
  mayConfer(caller: Caller, tenant: string, roles: readonly string[]): void {
    const live = this.#view().findTenant(tenant)?.roles;
    if (roles.some((id) => isAdministrative(live?.get(id)))) this.requireAdmin(caller);
  }

  /** Before a role gets permissions. */
  mayList(caller: Caller, patterns: readonly string[]): void {
    if (patterns.some(isReserved)) this.requireAdmin(caller);
  }

  /**
   * Before there is a new way to act as this principal: for oneself only with a credential that is
   * not limited already, for an administrator only by another one, for anybody else who may do things
   * in Ledgate itself only by an administrator or who may do all of them too.
   */
  mayImpersonate(caller: Caller, tenant: string, principal: string): void {
    const view = this.#view();
    if (caller.tenant === tenant && caller.principal === principal) {
      if (isUnlimited(view, caller)) return;
      throw new Failure('PERMISSION_DENIED', 'a limited credential cannot make a wider one');
    }
    this.mayGovern(caller, tenant, principal);
    const nowMs = this.#clock.wallMs();
    const gained = ledgateRights(view, tenant, principal, nowMs);
    if (gained.length === 0 || this.#actsAsAdmin(caller)) return;
    if (holdsAll(view, caller, gained, nowMs)) return;
    throw new Failure('PERMISSION_DENIED', 'this principal may do more in Ledgate than you');
  }

  /** Before something is taken from a principal: administrators answer to administrators. */
  mayGovern(caller: Caller, tenant: string, principal: string): void {
    this.mayGovernAs(caller, isUnlimited(this.#view(), caller), tenant, principal);
  }

  /** The same of who called with a credential that was, or was not, `unlimited`. */
  mayGovernAs(caller: Person, unlimited: boolean, tenant: string, principal: string): void {
    if (caller.tenant === tenant && caller.principal === principal) return;
    if (!this.#administers(tenant, principal)) return;
    if (!unlimited || !this.#administers(caller.tenant, caller.principal)) throw notAdmin();
  }

  /**
   * Before an administrator kills its own credentials, API keys included: who could not log in
   * again would leave the tenant, or the whole cluster, without anybody who can act.
   */
  mayRevokeOwn({ tenant, principal }: Person): void {
    if (!this.#administers(tenant, principal)) return;
    const text = keyText(passwords.key(tenant, principal));
    const password = this.#state.get(text) as PasswordDocument | undefined;
    if (password?.secret !== undefined) return;
    throw new Failure(
      'WRONG_STATE',
      'this would kill the credential of the call, and there is no password to log in with: set one',
    );
  }

  /** Before a principal joins a group: it gets what the group holds. */
  mayJoin(caller: Caller, tenant: string, group: string): void {
    const view = this.#view();
    const found = view.findTenant(tenant);
    if (found === undefined) return;
    const row = view.groups.find(found.index, group);
    if (row < 0) return;
    const { sets, entries, groups, roles } = view;
    const set = groups.setOf(row);
    for (let at = 0; at < sets.lengthOf(set); at += 1) {
      const role = roles[entries.target[sets.entryAt(set, at)] ?? -1];
      if (isAdministrative(role)) return this.requireAdmin(caller);
    }
  }

  #actsAsAdmin(caller: Caller): boolean {
    return this.#administers(caller.tenant, caller.principal) && isUnlimited(this.#view(), caller);
  }

  #administers(tenant: string, principal: string): boolean {
    const text = keyText(admins.key(tenant, tenant));
    return isAdmin(this.#state.get(text) as AdminsDocument | undefined, principal);
  }
}

function notAdmin(): Failure {
  return new Failure(
    'PERMISSION_DENIED',
    'only an administrator can do this, with a credential without limits',
  );
}
