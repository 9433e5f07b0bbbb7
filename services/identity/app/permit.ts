import { heldGrants } from '#libs/access/evaluate/held-grants.js';
import { rolePath } from '#libs/access/evaluate/role-path.js';
import type { ViewState } from '#libs/access/projection/view-state.js';
import { ALLOW, QUARANTINED } from '#libs/access/reason-code.js';
import { covers } from '#libs/access/resource.js';
import { Failure } from '#libs/errors/failure.js';
import { systemTenant } from '#libs/events/envelope.js';
import type { Permit } from '#libs/decider/handle-command.js';
import type { Key } from '#libs/events/keys.js';
import {
  credentialStatus,
  decideFor,
  isUnlimited,
  refusedCaller,
  type Caller,
} from '#services/identity/app/caller.js';
import { accessOf, permissionOf, type MethodAccess } from '#services/identity/app/method-access.js';

/** What a call is about: fills the resource template of its method. */
export interface CallTarget {
  readonly tenant: string;
  readonly principal?: string | undefined;
  readonly role?: string | undefined;
  readonly group?: string | undefined;
  readonly client?: string | undefined;
  readonly api?: string | undefined;
}

/**
 * Judges one call of an authenticated caller, on the state as it is now:
 *
 * 1. the method is in the table, and is not for the system tenant alone
 * 2. nobody but the system tenant reaches into another tenant
 * 3. the caller's credential is still good
 * 4. it is about the caller itself (where that is enough), or
 * 5. the caller's roles allow the permission on the resource
 *
 * Throws PERMISSION_DENIED with one text for all of them, so that nothing is told about what the
 * caller may not see.
 */
export function permit(
  view: ViewState,
  caller: Caller,
  method: string,
  target: CallTarget,
  nowMs: number,
): Permit {
  const access = accessOf(method);
  if (access === undefined || access.who === 'PUBLIC') throw denied();
  if (access.systemOnly && caller.tenant !== systemTenant) throw denied();
  if (target.tenant !== caller.tenant && caller.tenant !== systemTenant) throw denied();
  const status = credentialStatus(view, caller, nowMs);
  if (status !== ALLOW) throw refusedCaller(status);
  const reads = credentialKeys(caller);
  if (access.who === 'AUTHENTICATED') return { permittedBy: [], reads };
  const self = target.tenant === caller.tenant && target.principal === caller.principal;
  if (access.who === 'SELF' && self && isUnlimited(view, caller)) return { permittedBy: [], reads };
  const action = permissionOf(method);
  const resource = resourceOf(access, target);
  const decision = decideFor(view, caller, { action, resource, nowMs });
  if (decision.code === QUARANTINED) throw refusedCaller(decision.code);
  if (decision.code !== ALLOW) throw denied();
  const grounds = groundsOf(view, caller, action, resource, nowMs);
  return { permittedBy: grounds.roles, reads: [...reads, ...grounds.reads] };
}

/** The tenant's own path, and below it what the template names. */
export function resourceOf(access: MethodAccess, target: CallTarget): string {
  const below = access.resource.replaceAll(
    /\/?\{(principal|role|group|api|client)\}/gu,
    (_, name: 'principal' | 'role' | 'group' | 'api') => {
      const id = target[name];
      return id === undefined || id === '' ? '' : `/${id}`;
    },
  );
  return below === '' ? `tenants/${target.tenant}` : `tenants/${target.tenant}/${below}`;
}

/** One grant that allows it: the roles on the way, and the group that it came by. */
export function groundsOf(
  view: ViewState,
  caller: Pick<Caller, 'tenant' | 'principal'>,
  action: string,
  resource: string,
  nowMs: number,
): { readonly roles: readonly string[]; readonly reads: readonly Key[] } {
  for (const grant of heldGrants(view, view.principalRow(caller.tenant, caller.principal))) {
    if (!(grant.expiresAtMs > nowMs) || !covers(grant.resourcePrefix, resource)) continue;
    const path = rolePath(grant.role, action);
    if (path === undefined) continue;
    const roles = path.chain.map((role) => role.id);
    if (grant.group < 0) return { roles, reads: [] };
    const group = view.groups.idOf(grant.group);
    const at = (kind: Key['kind']): Key => ({ tenant: caller.tenant, kind, id: group });
    return { roles, reads: [at('group'), at('grants-of')] };
  }
  return { roles: [], reads: [] };
}

function credentialKeys({ tenant, principal, credential }: Caller): Key[] {
  return credential.kind === 'API_KEY'
    ? [{ tenant, kind: 'credential', id: credential.id }]
    : [{ tenant, kind: 'sessions-of', id: principal }];
}

/** One text, whatever it was that the caller may not do. */
export function denied(): Failure {
  return new Failure('PERMISSION_DENIED', 'the caller may not do this here');
}
