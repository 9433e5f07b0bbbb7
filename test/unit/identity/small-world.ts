import * as fc from 'fast-check';

import { foldEvent } from '#libs/decider/fold-event.js';
import type { MemoryStore } from '#libs/decider/memory-store.js';
import { TrackedView } from '#libs/decider/tracked-view.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { Actor } from '#libs/events/envelope.js';
import { keysOf } from '#libs/events/keys.js';
import type { Key } from '#libs/events/keys.js';
import type { Command } from '#services/identity/domain/commands.js';
import { decide } from '#services/identity/domain/decide.js';
import { evolve } from '#services/identity/domain/evolve.js';

import { FrozenStore } from './frozen-store.js';
import { smallRules } from './small-rules.js';
import { adminOf, nowMs, operator, role, tenant, tenantAdmin, user, vault } from './scenario.js';
import { upstreamRecords } from './small-upstream.js';

/**
 * A world so small that commands keep meeting: three principals, four roles, two of every name. Most
 * limits are out of reach here; the tests by value cover them.
 */
const of = <T extends string>(...ids: readonly T[]) => fc.constantFrom(...ids);
const principal = of('p1', 'p2', 'p3');
const roleId = of('admin', 'r1', 'r2', 'r3');
const ownRole = of('r1', 'r2', 'r3', 'r4');
const credential = of('c1', 'c2', 'c3');
const group = of('g1', 'g2');
const grant = of('x1', 'x2', 'x3', 'x4');
const permissionName = of('orders:read', 'orders:write');
const name = of('one', 'two');
const index = of('n1', 'n2', 'n3');
const kid = of('k1', 'k2', 'k3');
const soon = fc.constantFrom(undefined, nowMs + 1000);
const bool = fc.boolean();
const parents = fc.uniqueArray(of('r1', 'r2', 'r3', 'admin'), { maxLength: 2 });
const patterns = fc.uniqueArray(of('orders:read', 'orders:write', '*'), { maxLength: 2 });
const type = <T extends string>(value: T) => fc.constant(value);
const fixed = <T>(value: T) => fc.constant(value);

const loginName = index.map(
  (blindIndex) => ({ kind: 'EMAIL', blindIndex, value: vault, verified: false }) as const,
);
const secret = { hash: fixed(vault), params: fixed('m=1') };
const facts = {
  resourceType: fixed(''),
  description: of('', 'other'),
  risk: fixed('NORMAL' as const),
};
const newKey = { prefix: fixed('abcdefgh'), sha256: of('s1', 's2', 's3') };
const signing = {
  kid,
  issuer: fixed('iss'),
  algorithm: fixed('EdDSA' as const),
  publicJwk: fixed('{}'),
  privateKey: fixed(vault),
};
const client = of('a1', 'a2', 'a3');
const newClientSecret = { credential, prefix: fixed('abcdefgh'), sha256: of('s1', 's2') };
const clientSettings = fc.record({
  name,
  redirectUris: fixed([]),
  postLogoutRedirectUris: fixed([]),
  grantTypes: fixed(['client_credentials' as const]),
  scopes: fc.constantFrom(['openid'], []),
  authMethod: of('client_secret_basic', 'tls_client_auth'),
  pkceRequired: fixed(false),
  dpopRequired: bool,
  parRequired: fixed(false),
  audiences: fixed([]),
  firstParty: fixed(false),
});
const enrolment = { principal, credential, name, challenge: of('t1', 't2', 't3') };
const lists = { add: patterns, remove: patterns };
const records = {
  ChangeTenantSettings: { settings: fc.record({ passwordMinLength: fc.constantFrom(8, 9) }) },
  SuspendTenant: {},
  ResumeTenant: {},
  DeleteTenant: { confirmSlug: fixed('acme'), eraseAfterMs: fixed(nowMs) },
  RegisterPrincipal: {
    principal,
    kind: fixed('USER' as const),
    loginNames: fc.uniqueArray(loginName, {
      minLength: 1,
      maxLength: 2,
      selector: (it) => it.blindIndex,
    }),
    origin: fixed('ADMIN' as const),
    password: fc.option(fc.record({ credential, ...secret, mustChange: bool }), { nil: undefined }),
  },
  ChangeProfile: { principal, profile: fc.constantFrom(vault, { ...vault, id: 'v2' }) },
  SuspendPrincipal: { principal, untilMs: soon },
  ResumePrincipal: { principal },
  InvalidateSessions: { principal, cause: fixed('ADMIN' as const) },
  DeletePrincipal: { principal },
  EraseSubject: { principal },
  AddLoginName: { principal, loginName },
  RemoveLoginName: { principal, blindIndex: index },
  VerifyLoginName: { principal, blindIndex: index, challenge: fc.constantFrom('v1', 'v2') },
  SetPassword: {
    principal,
    credential,
    ...secret,
    cause: of('ADMIN', 'CHANGE'),
    mustChange: bool,
    verifiedVersion: fc.constantFrom(1, 2),
    challenge: fc.constantFrom(undefined, 't1'),
  },
  RehashPassword: { principal, version: fc.constantFrom(1, 2), ...secret, params: fixed('m=2') },
  RemovePassword: { principal, cause: of('ADMIN', 'OWNER') },
  EnrolTotp: {
    ...enrolment,
    seed: fixed(vault),
    algorithm: fixed('SHA1' as const),
    digits: fixed(6),
    periodSeconds: fixed(30),
    firstStep: fixed(1),
  },
  EnrolOtpChannel: {
    ...enrolment,
    channel: fixed('SMS' as const),
    blindIndex: fixed('b1'),
    address: fixed(vault),
  },
  RegisterPasskey: {
    ...enrolment,
    webauthnId: fixed('w1'),
    idSha256: of('h1', 'h2'),
    publicKey: fixed('k'),
    aaguid: fixed(''),
    transports: fixed([]),
    userVerified: bool,
    discoverable: fixed(true),
    backupEligible: bool,
    backedUp: fixed(false),
    signCount: fixed(0),
  },
  GenerateRecoveryCodes: { principal, credential, count: fixed(2), codes: fixed(vault) },
  ConsumeRecoveryCode: { principal, generation: fixed(1), index: fc.constantFrom(0, 1) },
  RemoveFactor: { principal, credential, cause: of('OWNER', 'ADMIN') },
  ResetFactors: { principal },
  CreateApiKey: { principal, credential, ...newKey, name: fixed('ci'), scopes: fixed([]) },
  RotateApiKey: {
    credential,
    replaces: credential,
    ...newKey,
    overlapMs: fc.constantFrom(0, 9),
  },
  RevokeApiKey: { credential, cause: fixed('OWNER' as const) },
  RenameCredential: { credential, name },
  BlockCredential: { credential, cause: fixed('ADMIN' as const) },
  UnblockCredential: { credential },
  BindCertificate: {
    principal,
    credential,
    name,
    kind: fixed('SPIFFE' as const),
    identity: of('spiffe://a/b', 'spiffe://a/c'),
  },
  RemoveCertificate: { credential, cause: fixed('ADMIN' as const) },
  RegisterClient: {
    client,
    principal: of('p3', 'p4'),
    kind: fixed('SERVICE' as const),
    settings: clientSettings,
    secret: fc.option(fc.record(newClientSecret), { nil: undefined }),
  },
  ChangeClient: { client, settings: clientSettings },
  SuspendClient: { client },
  ResumeClient: { client },
  DeleteClient: { client },
  CreateClientSecret: { client, ...newClientSecret },
  RotateClientSecret: { client, ...newClientSecret, overlapMs: fc.constantFrom(0, 9) },
  RevokeClientSecret: { client, credential, cause: fixed('ADMIN' as const) },
  GiveConsent: {
    principal,
    client: of('a1', 'a2', 'a3'),
    scopes: fixed(['openid']),
    audience: fixed(''),
    expiresAtMs: soon,
  },
  WithdrawConsent: { principal, client: of('a1', 'a2', 'a3') },
  ...upstreamRecords,
  DefinePermission: { permission: permissionName, ...facts },
  ChangePermission: { permission: permissionName, ...facts },
  RetirePermission: { permission: permissionName },
  ...smallRules,
  CreateRole: { role: ownRole, name, permissions: patterns, parents, admin: bool },
  ChangeRolePermissions: { role: roleId, ...lists },
  ChangeRoleParents: { role: roleId, add: parents, remove: parents },
  RenameRole: { role: roleId, name },
  DeleteRole: { role: roleId },
  CreateGroup: { group, name },
  DeleteGroup: { group },
  AddGroupMember: { group, principal },
  RemoveGroupMember: { group, principal },
  GrantRole: {
    grant,
    subjectKind: of('PRINCIPAL', 'PRINCIPAL', 'GROUP'),
    subject: of('p1', 'p2', 'p3', 'g1'),
    role: roleId,
    resourcePrefix: of('', '', 'a'),
    expiresAtMs: soon,
  },
  ChangeGrant: { grant, expiresAtMs: soon },
  RevokeGrant: { grant, cause: fixed('ADMIN' as const) },
  PublishSigningKey: { ...signing, activateNotBeforeMs: fixed(nowMs) },
  ActivateSigningKey: { kid, retireAfterMs: fixed(nowMs) },
  RotateSigningKey: { ...signing, retireAfterMs: fixed(nowMs) },
  RemoveSigningKey: { kid },
  CompromiseSigningKey: { kid },
  RaiseWatermark: {
    scope: of('PRINCIPAL', 'TENANT', 'ALL'),
    id: of('p1', 'p2', 'system', ''),
    cause: fixed('ADMIN' as const),
  },
} satisfies { [T in SmallCommand['type']]: Fields<Extract<Command, { type: T }>> };

/** What makes a cluster or a tenant has a world of its own and no rivals in this one. */
type SmallCommand = Exclude<
  Command,
  { type: 'CreateTenant' | 'InitialiseSystem' | 'ReopenSystem' }
>;
type Fields<C> = { [F in Exclude<keyof C, 'type'>]?: fc.Arbitrary<C[F]> };

export const commandTypes = Object.keys(records) as SmallCommand['type'][];

/** Two of a kind must meet to collide on the lists of a principal. */
const often = ['GrantRole', 'GrantRole', 'GrantRole', 'AddGroupMember', 'AddGroupMember'] as const;

/** A command and who gives it. */
export interface Attempt {
  readonly command: Command;
  readonly actor: Actor;
}

const anyAttempt = (types: readonly SmallCommand['type'][]): fc.Arbitrary<Attempt> =>
  fc.record({
    command: fc.oneof(
      ...types.map((of) => {
        const fields = records[of] as Record<string, fc.Arbitrary<unknown>>;
        return fc.record({ type: type(of), ...fields }) as unknown as fc.Arbitrary<Command>;
      }),
    ),
    actor: fc.constantFrom(operator, tenantAdmin),
  });

/** Commands about OAuth clients, which meet each other and few others. */
const aboutClients: readonly SmallCommand['type'][] = [
  'BindCertificate',
  'RemoveCertificate',
  'RegisterClient',
  'ChangeClient',
  'SuspendClient',
  'ResumeClient',
  'DeleteClient',
  'CreateClientSecret',
  'RotateClientSecret',
  'RevokeClientSecret',
  'GiveConsent',
  'WithdrawConsent',
];
/** What else touches their documents. */
const besideClients: readonly SmallCommand['type'][] = [
  'RegisterPrincipal',
  'DeletePrincipal',
  'BlockCredential',
  'UnblockCredential',
  'RenameCredential',
];

/** Always the same attempts for a seed: of everything but clients. */
export function attempts(count: number, seed: number): Attempt[] {
  const others = commandTypes.filter((of) => !aboutClients.includes(of));
  return fc.sample(anyAttempt([...others, ...often]), { numRuns: count, seed });
}

/** The same of clients, their secrets, certificates and consents. */
export function clientAttempts(count: number, seed: number): Attempt[] {
  // Most clients and users of such a walk are deleted before they meet: more of what needs both.
  const consents = ['GiveConsent', 'GiveConsent', 'GiveConsent', 'WithdrawConsent'] as const;
  const types = [...aboutClients, ...besideClients, ...consents, 'WithdrawConsent' as const];
  return fc.sample(anyAttempt(types), { numRuns: count, seed });
}

const start: readonly DomainEvent[] = [
  tenant,
  role('admin', [], true),
  role('r1'),
  role('r2', ['r1']),
  user('p1', 'n1'),
  user('p2', 'm2'),
  {
    type: 'TenantSettingsChanged',
    settings: {
      factors: {
        allowed: ['TOTP', 'PASSKEY', 'SMS', 'RECOVERY_CODE'],
        requiredFor: 'ADMINS',
        rememberDevicesDays: 0,
      },
    },
  },
  {
    type: 'PasskeyRegistered',
    principal: 'p1',
    credential: 'f0',
    name: 'one',
    webauthnId: 'w0',
    idSha256: 'h0',
    publicKey: 'k',
    aaguid: '',
    transports: [],
    userVerified: true,
    discoverable: true,
    backupEligible: false,
    backedUp: false,
    signCount: 0,
  },
  {
    type: 'RecoveryCodesGenerated',
    principal: 'p1',
    credential: 'f1',
    generation: 1,
    count: 2,
    codes: vault,
  },
  {
    type: 'ClientRegistered',
    client: 'a1',
    principal: 'p9',
    kind: 'SERVICE',
    settings: {
      name: 'one',
      redirectUris: [],
      postLogoutRedirectUris: [],
      grantTypes: ['client_credentials'],
      scopes: ['openid'],
      authMethod: 'client_secret_basic',
      pkceRequired: false,
      dpopRequired: false,
      parRequired: false,
      audiences: [],
      firstParty: false,
    },
  },
  { type: 'GroupCreated', group: 'g1', name: 'crew' },
  adminOf('x1', 'p1'),
  adminOf('x2', 'p2'),
];

/** A decided command: its events and the keys of its record. */
export interface Draft {
  readonly attempt: Attempt;
  readonly events: readonly DomainEvent[];
  readonly reads: readonly Key[];
  readonly writes: readonly Key[];
}

export class SmallWorld {
  readonly #home: string;
  readonly #store: MemoryStore;
  readonly #table: typeof keysOf;

  /** `home` is the tenant; only `system` has signing keys, only others can be suspended. */
  constructor(home: string, table: typeof keysOf = keysOf, store?: MemoryStore) {
    this.#home = home;
    this.#table = table;
    this.#store = store ?? new FrozenStore();
    if (store === undefined) for (const event of start) this.#fold(event);
  }

  copy(): SmallWorld {
    return new SmallWorld(this.#home, this.#table, new FrozenStore(this.#store.scan('')));
  }

  /** Nothing when the command is refused or has nothing to do: then nothing is appended. */
  decide(attempt: Attempt): Draft | undefined {
    const view = new TrackedView(this.#store);
    const { command, actor } = attempt;
    const decision = decide(command, view, { tenant: this.#home, actor, nowMs });
    if ('rejected' in decision || decision.events.length === 0) return undefined;
    const writes = decision.events.flatMap((event) => this.#table(event, this.#home));
    return { attempt, events: decision.events, reads: view.reads(), writes };
  }

  apply(draft: Draft, position = 0): this {
    for (const event of draft.events) this.#fold(event, position);
    return this;
  }

  documents(): string {
    return JSON.stringify([...this.#store.scan('')]);
  }

  #fold(event: DomainEvent, position = 0): void {
    const context = { tenant: this.#home, actor: operator, position, atMs: nowMs, reason: '' };
    foldEvent(this.#store, evolve, event, context, this.#table);
  }
}
