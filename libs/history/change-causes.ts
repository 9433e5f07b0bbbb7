import { allowingPaths, type GrantPath } from '#libs/access/evaluate/grant-path.js';
import { matchesPermission } from '#libs/access/permission-pattern.js';
import type { DomainEvent, EventType } from '#libs/events/catalogue.js';
import type { AccessChange } from './access-changes.js';
import type { Moment } from './moment.js';
import type { RecordedEvent } from './recorded-events.js';

/** A change and the grants by which it was held: before it was lost, or after it was gained. */
interface Held {
  readonly change: AccessChange;
  readonly paths: readonly GrantPath[];
}

/** Finds, among the events between two moments, those that brought changes about. */
export class ChangeCauses {
  readonly #held: readonly Held[];
  readonly #ids = new Set<string>();
  readonly #found: RecordedEvent[][];

  constructor(tenant: string, from: Moment, to: Moment, changes: readonly AccessChange[]) {
    this.#held = changes.map((change) => {
      const { principal, permission, resourcePrefix } = change;
      const { view, atMs } = change.kind === 'LOST' ? from : to;
      const row = view.principalRow(tenant, principal);
      return { change, paths: allowingPaths(view, row, permission, resourcePrefix, atMs) };
    });
    this.#found = changes.map(() => []);
    for (const { change, paths } of this.#held) {
      this.#ids.add(change.principal).add(change.permission);
      for (const { roleChain, group } of paths) {
        for (const { role } of roleChain) this.#ids.add(role);
        if (group !== undefined) this.#ids.add(group.id);
      }
    }
  }

  /** Looks at the next event of the tenant, in the order of the ledger. */
  take(recorded: RecordedEvent): void {
    const { event } = recorded;
    if (!mayBear(event, this.#ids)) return;
    for (const [at, held] of this.#held.entries()) {
      const table = held.change.kind === 'LOST' ? takers : givers;
      if (bears(table, event, held)) this.#found[at]?.push(recorded);
    }
  }

  /** Of each change, in their order; none: only time passed. */
  get events(): readonly (readonly RecordedEvent[])[] {
    return this.#found;
  }
}

/** Most events are about somebody else: they are told apart without a look at each change. */
function mayBear(event: DomainEvent, ids: ReadonlySet<string>): boolean {
  if ('subject' in event) return ids.has(event.subject);
  return !('principal' in event) || ids.has(event.principal);
}

type EventOf<T extends EventType> = Extract<DomainEvent, { type: T }>;
type Table = {
  readonly [T in EventType]?: (event: EventOf<T>, held: Held) => boolean;
};

const granted = (event: GrantEvent, { paths, change }: Held): boolean =>
  paths.some((path) => isGrantOf(event, path, change));
const ofPrincipal = (event: { readonly principal: string }, { change }: Held): boolean =>
  event.principal === change.principal;
const ofPermission = (event: { readonly permission: string }, { change }: Held): boolean =>
  event.permission === change.permission;
const ofGroup = (event: { readonly group: string }, { paths }: Held): boolean =>
  paths.some(({ group }) => group?.id === event.group);
const ofMember = (event: EventOf<'GroupMemberAdded' | 'GroupMemberRemoved'>, held: Held): boolean =>
  ofPrincipal(event, held) && ofGroup(event, held);
const ofRole = (event: { readonly role: string }, { paths }: Held): boolean =>
  paths.some(({ roleChain }) => roleChain.some(({ role }) => role === event.role));

/** What gives access to somebody who now holds it by these paths. */
const givers: Table = {
  TenantCreated: () => true,
  TenantResumed: () => true,
  PrincipalRegistered: ofPrincipal,
  PrincipalResumed: ofPrincipal,
  // One with an end takes the place of one without.
  PrincipalSuspended: (event, held) => event.untilMs !== undefined && ofPrincipal(event, held),
  PermissionDefined: ofPermission,
  RoleGranted: granted,
  GrantChanged: granted,
  GroupMemberAdded: ofMember,
  GroupCreated: ofGroup,
  RoleCreated: ofRole,
  RolePermissionsChanged: (event, held) => ofRole(event, held) && matches(event.added, held),
  RoleParentsChanged: (event, held) => ofRole(event, held) && inherits(event.added, held),
};

/** What takes access from somebody who held it by these paths. */
const takers: Table = {
  TenantSuspended: () => true,
  TenantDeleted: () => true,
  PrincipalSuspended: ofPrincipal,
  PrincipalDeleted: ofPrincipal,
  PermissionRetired: ofPermission,
  GrantRevoked: granted,
  GrantChanged: granted,
  // One with an end takes the place of one without.
  RoleGranted: (event, held) => event.expiresAtMs !== undefined && granted(event, held),
  GroupMemberRemoved: ofMember,
  GroupDeleted: ofGroup,
  RoleDeleted: ofRole,
  RolePermissionsChanged: (event, held) => ofRole(event, held) && matches(event.removed, held),
  RoleParentsChanged: (event, held) => ofRole(event, held) && inherits(event.removed, held),
};

function bears(table: Table, event: DomainEvent, held: Held): boolean {
  const row = table[event.type] as ((event: DomainEvent, held: Held) => boolean) | undefined;
  return row?.(event, held) ?? false;
}

type GrantEvent = Extract<DomainEvent, { type: 'RoleGranted' | 'GrantChanged' | 'GrantRevoked' }>;

/** A live grant is known by subject, role and prefix. */
function isGrantOf(event: GrantEvent, path: GrantPath, { principal }: AccessChange): boolean {
  const subject = path.group === undefined ? principal : path.group.id;
  const kind = path.group === undefined ? 'PRINCIPAL' : 'GROUP';
  return (
    event.subjectKind === kind &&
    event.subject === subject &&
    event.role === path.roleChain[0]?.role &&
    event.resourcePrefix === path.resourcePrefix
  );
}

function inherits(parents: readonly string[], { paths }: Held): boolean {
  return paths.some(({ roleChain }) => roleChain.some(({ role }) => parents.includes(role)));
}

function matches(patterns: readonly string[], { change }: Held): boolean {
  return patterns.some((pattern) => matchesPermission(pattern, change.permission));
}
