import { AccessView } from '#libs/access/projection/access-view.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { keyHash } from '#libs/events/keys.js';

/**
 * A tenant as benches ask it: 100 permissions in 20 areas, 20 roles that inherit in chains of three,
 * 1,000 projects, and principals (with a password) of 3 grants each in 8,000 distinct sets.
 */
export interface AccessWorld {
  readonly view: AccessView;
  /** Ids of the principals by number. */
  readonly principalId: (number: number) => string;
  /** A question that the principal's grant `which` (0–2) allows. */
  readonly allowed: (number: number, which: number) => Asked;
}

export interface Asked {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
}

export const benchTenant = '01936f5e-0000-7000-8000-000000000001';
const [areas, permissions, roles, projects, sets] = [20, 100, 20, 1000, 8000];
const blob = { id: 'v', sha256: 's' };
type Apply = (event: DomainEvent) => void;

export function buildAccessWorld(principals: number): AccessWorld {
  const view = new AccessView(keyHash);
  const actor = { tenant: benchTenant, principal: '' };
  let position = 0;
  for (const event of accessWorldEvents(principals)) {
    view.apply(event, { tenant: benchTenant, actor, position, atMs: 0, reason: '' });
    position += 1;
  }
  return { view, principalId, allowed };
}

/** The history of that tenant. */
export function* accessWorldEvents(principals: number): Generator<DomainEvent> {
  const events: DomainEvent[] = [];
  defineRoles((event) => events.push(event));
  yield* events.splice(0);
  for (let i = 0; i < principals; i++) {
    register((event) => events.push(event), principalId(i));
    yield* events.splice(0);
  }
  for (let which = 0; which < 3; which++) {
    for (let i = 0; i < principals; i++) yield grantOf(i, which);
  }
}

function defineRoles(apply: Apply): void {
  apply({
    type: 'TenantCreated',
    slug: 'bench',
    displayName: '',
    settings: undefined,
    blindIndexKey: blob,
  });
  for (let i = 0; i < permissions; i++) {
    const permission = `area${i % areas}:verb${Math.floor(i / areas)}`;
    const shape = { resourceType: '', description: '', risk: 'NORMAL' } as const;
    apply({ type: 'PermissionDefined', permission, ...shape });
  }
  for (let i = 0; i < roles; i++) {
    const parents = i % 3 === 0 ? [] : [roleId(i - 1)];
    const held = { permissions: [`area${i}:*`], parents, admin: false };
    apply({ type: 'RoleCreated', role: roleId(i), name: `role ${i}`, ...held });
  }
}

function register(apply: Apply, principal: string): void {
  const none = { profile: undefined, loginNames: [], origin: 'IMPORT' } as const;
  apply({ type: 'PrincipalRegistered', principal, kind: 'USER', ...none });
  apply({
    type: 'PasswordSet',
    principal,
    credential: principal,
    version: 1,
    hash: blob,
    params: '',
    cause: 'IMPORT',
    mustChange: false,
  });
}

function grantOf(number: number, which: number): DomainEvent {
  const { role, project } = held(number, which);
  return {
    type: 'RoleGranted',
    grant: 'g',
    subjectKind: 'PRINCIPAL',
    subject: principalId(number),
    role: roleId(role),
    resourcePrefix: `projects/p${project}`,
    admin: false,
  };
}

function held(number: number, which: number): { role: number; project: number } {
  const set = number % sets;
  return { role: (set + which * 7) % roles, project: (set * (which + 1) + which * 331) % projects };
}

/** API of the tenant, with an endpoint for each permission. */
export const benchApi = 'bench';

/** Its rules, as they are pushed. */
export function benchRules(): DomainEvent {
  const rules = Array.from({ length: permissions }, (_, i) => {
    const permission = `area${i % areas}:verb${Math.floor(i / areas)}`;
    return {
      rule: `01936f5e-2222-7222-8222-${i.toString(16).padStart(12, '0')}`,
      protocol: 'HTTP' as const,
      method: 'POST',
      template: `/${permission.replace(':', '/')}/projects/{project}/orders/{order}`,
      allScopes: [],
      anyScopes: [],
      permission,
      resourceTemplate: 'projects/{project}/orders/{order}',
      credentialKinds: [],
      public: false,
    };
  });
  return { type: 'EndpointRulesReplaced', api: benchApi, sourceDigest: '', rules };
}

/** A question that the principal's grant `which` (0–2) allows. */
export function allowed(number: number, which: number): Asked {
  const { role, project } = held(number, which);
  return {
    principal: principalId(number),
    action: `area${role}:verb${number % (permissions / areas)}`,
    // Decoded requests hold flat texts; a joined one is a rope until it is first read.
    resource: flat(`projects/p${project}/orders/${number}`),
  };
}

function flat(text: string): string {
  return Buffer.from(text).toString();
}

/** UUIDv7 as identity makes them: time first, then random bits (here: spread by a multiplication). */
function principalId(number: number): string {
  const spread = (Math.imul(number, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  const time = (0x5e_0000 + Math.floor(number / 16)).toString(16).padStart(8, '0').slice(-4);
  const low = (number & 0xffff).toString(16).padStart(4, '0');
  const high = (number >>> 16).toString(16).padStart(3, '0');
  return flat(`01936f5e-${time}-7${high}-8abc-${spread}${low}`);
}

function roleId(number: number): string {
  return `01936f5e-1111-7111-8111-${number.toString(16).padStart(12, '0')}`;
}
