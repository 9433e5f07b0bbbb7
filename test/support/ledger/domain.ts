import { Failure } from '#libs/errors/failure.js';
import type { AnyCommand, Decide } from '#libs/decider/decide.js';
import type { Evolve } from '#libs/decider/fold-event.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { Key } from '#libs/events/keys.js';

/**
 * A small world on real events, made so that each kind of command breaks an invariant of its own when
 * a defence is missing.
 */
export type SimulatedCommand = AnyCommand &
  (
    | { readonly type: 'Add'; readonly name: string }
    | { readonly type: 'ClaimName'; readonly name: string; readonly principal: string }
    | { readonly type: 'GoOffDuty'; readonly who: string; readonly other: string }
    | { readonly type: 'GoOnDuty'; readonly who: string }
    | { readonly type: 'MakeAdmin'; readonly grant: string }
    | { readonly type: 'RemoveAdmin'; readonly grant: string }
  );

export const tenant = 'simulated';
const key = (kind: Key['kind'], id: string): Key => ({ tenant, kind, id });
const admins = key('admins', tenant);

interface Duty {
  readonly off: boolean;
}
interface Admins {
  readonly grants: readonly string[];
}

const refuse = (message: string): { rejected: Failure } => ({
  rejected: new Failure('WRONG_STATE', message),
});
const grantOf = (grant: string) =>
  ({ grant, subjectKind: 'PRINCIPAL', subject: grant, role: 'admin', resourcePrefix: '' }) as const;

/** Write skew lurks in `GoOffDuty` (two keys read, one written) and the last admin in `RemoveAdmin`. */
export const decide: Decide<SimulatedCommand> = (command, view) => {
  switch (command.type) {
    case 'Add':
      return {
        events: [permission(command.name)],
      };
    case 'ClaimName':
      if (view.get(key('loginname', command.name))) return refuse('the name is taken');
      return { events: [registered(command.principal, command.name)] };
    case 'GoOffDuty': {
      const other = view.get(key('principal', command.other)) as Duty | undefined;
      const own = view.get(key('principal', command.who)) as Duty | undefined;
      if (own?.off || other?.off) return refuse('somebody must stay');
      return { events: [{ type: 'PrincipalSuspended', principal: command.who, admin: false }] };
    }
    case 'GoOnDuty':
      return { events: [{ type: 'PrincipalResumed', principal: command.who, admin: false }] };
    case 'MakeAdmin': {
      const all = (view.get(admins) as Admins | undefined)?.grants ?? [];
      if (all.includes(command.grant)) return refuse('is admin already');
      return { events: [{ type: 'RoleGranted', ...grantOf(command.grant), admin: true }] };
    }
    case 'RemoveAdmin': {
      const all = (view.get(admins) as Admins | undefined)?.grants ?? [];
      if (!all.includes(command.grant) || all.length < 2) return refuse('the last admin stays');
      const event = { type: 'GrantRevoked', ...grantOf(command.grant), admin: true } as const;
      return { events: [{ ...event, cause: 'ADMIN' }] };
    }
  }
};

export const evolve: Evolve = (event, documents) => {
  const all = (): readonly string[] => (documents.get(admins) as Admins | undefined)?.grants ?? [];
  if (event.type === 'PrincipalRegistered') {
    for (const name of event.loginNames) {
      documents.put(key('loginname', name.blindIndex), { principal: event.principal });
    }
  } else if (event.type === 'PrincipalSuspended' || event.type === 'PrincipalResumed') {
    const off = event.type === 'PrincipalSuspended';
    documents.put(key('principal', event.principal), { off });
  } else if (event.type === 'RoleGranted') {
    documents.put(admins, { grants: [...all(), event.grant] });
  } else if (event.type === 'GrantRevoked') {
    documents.put(admins, { grants: all().filter((grant) => grant !== event.grant) });
  } else if (event.type === 'PermissionDefined') {
    documents.put(key('permission', event.permission), { defined: true });
  }
};

function permission(name: string): DomainEvent {
  const rest = { resourceType: '', description: '', risk: 'NORMAL' } as const;
  return { type: 'PermissionDefined', permission: name, ...rest };
}

function registered(principal: string, name: string): DomainEvent {
  const value = { id: name, sha256: name };
  const loginNames = [{ kind: 'USERNAME', blindIndex: name, value, verified: false }] as const;
  const rest = { kind: 'USER', profile: undefined, origin: 'ADMIN' } as const;
  return { type: 'PrincipalRegistered', principal, loginNames, ...rest };
}
