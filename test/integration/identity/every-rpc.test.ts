import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newestLevel } from '#libs/events/feature-levels.js';
import {
  ClientKind,
  ClientServiceService as Clients,
  ClientSettings,
  ConsentServiceService as Consents,
} from '#proto/ledgate/identity/v1/client.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import {
  ErasureState,
  PrincipalServiceService as Principals,
} from '#proto/ledgate/identity/v1/principal.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { LedgerServiceService as Operator } from '#proto/ledgate/operator/v1/ledger.js';
import { TimeMachineServiceService as Past } from '#proto/ledgate/operator/v1/time_machine.js';
import { everyMethod, shortName } from '../../support/identity/every-method.js';
import { everyLogin } from '../../support/identity/every-login.js';
import { everySession } from '../../support/identity/every-session.js';
import { everyRule } from '../../support/identity/every-rule.js';
import { startLoginWorld, type LoginWorld } from '../../support/identity/login-world.js';
import { temporaryFolder, type World } from '../../support/identity/running-identity.js';
import {
  adminPassword,
  logIn,
  setUpTenant,
  setUpUser,
  type TenantSetup,
} from '../../support/identity/tenant-setup.js';

const folder = temporaryFolder();
const succeeded = new Set<string>();
let world: LoginWorld;
let acme: TenantSetup;
let call: World['call'];

beforeAll(async () => {
  world = await startLoginWorld(folder.path);
  call = async (method, request, bearer) => {
    const answer = await world.call(method, request, bearer);
    succeeded.add(shortName(method.path));
    return answer;
  };
  acme = await setUpTenant(world, 'acme');
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

describe('every method, once, as it is meant', () => {
  it('tenants', async () => {
    const { root } = world;
    const made = await call(Tenants.createTenant, { slug: 'shop', displayName: 'Shop' }, root);
    const { tenantId } = made;
    const { tenants } = await call(Tenants.listTenants, {}, root);
    expect(tenants.map(({ slug }) => slug)).toEqual(['acme', 'shop', 'system']);
    const settings = {
      passwordMinLength: 8,
      accessTokenTtlMs: 60_000n,
      softStalenessMs: undefined,
      hardStalenessMs: undefined,
    };
    await call(Tenants.updateTenantSettings, { tenantId, settings }, root);
    const { tenant } = await call(Tenants.getTenant, { slug: 'shop' }, root);
    expect(tenant).toMatchObject({ tenantId, status: 'ACTIVE', settings });
    await call(Tenants.suspendTenant, { tenantId }, root);
    await call(Tenants.resumeTenant, { tenantId }, root);
    await call(Tenants.deleteTenant, { tenantId, confirmSlug: 'shop' }, root);
    const gone = await call(Tenants.getTenant, { tenantId }, root);
    expect(gone.tenant?.status).toBe('DELETED');
  });

  it('principals', async () => {
    const { admin } = acme;
    const profile = { displayName: 'Ann Lee', locale: 'en-GB' };
    const user = { username: 'ann', email: 'ann@example.org', profile };
    const { principalId } = await call(Principals.createUser, user, admin);
    const service = await call(Principals.createServiceAccount, { username: 'robot' }, admin);
    const changed = { displayName: 'Ann B. Lee', locale: '' };
    await call(Principals.updateProfile, { principalId, profile: changed }, admin);
    await call(Principals.addLoginName, { principalId, kind: 1, value: 'annie' }, admin);
    await call(Principals.removeLoginName, { principalId, value: 'ANN' }, admin);
    const untilMs = BigInt(Date.now() + 60_000);
    await call(Principals.suspendPrincipal, { principalId, untilMs }, admin);
    const suspended = await call(Principals.getPrincipal, { principalId }, admin);
    expect(suspended.principal).toMatchObject({
      status: 'SUSPENDED',
      suspendedUntilMs: untilMs,
      profile: changed,
      loginNames: [{ value: 'ann@example.org' }, { value: 'annie' }],
    });
    await call(Principals.resumePrincipal, { principalId }, admin);
    const { principals } = await call(Principals.listPrincipals, {}, admin);
    expect(principals.map((one) => one.principalId)).toEqual(
      [acme.adminId, principalId, service.principalId].sort(),
    );
    await call(Principals.deletePrincipal, { principalId }, admin);
    const gone = await call(Principals.getPrincipal, { principalId }, admin);
    expect(gone.principal).toMatchObject({ status: 'DELETED', loginNames: [] });
    const erased = await call(Principals.eraseSubject, { principalId }, admin);
    expect(erased.erasure).toMatchObject({ state: ErasureState.ERASURE_STATE_ERASED });
    const asked = await call(Principals.getErasure, { principalId }, admin);
    expect(asked.erasure).toEqual(erased.erasure);
  });

  it('credentials', async () => {
    const { admin } = acme;
    const { principalId } = await call(Principals.createUser, { username: 'bob' }, admin);
    const password = 'seven quiet lanterns';
    await call(Credentials.setPassword, { principalId, password, mustChange: true }, admin);
    const change = { tenantId: 'acme', loginName: 'bob', currentPassword: password };
    await call(Credentials.changePassword, { ...change, newPassword: 'nine brass umbrellas' });
    await logIn(world, 'acme', 'bob', 'nine brass umbrellas');
    await call(Credentials.removePassword, { principalId }, admin);
    const made = await call(Credentials.createApiKey, { principalId, name: 'ci' }, admin);
    expect(made.apiKey).toMatch(/^lgk_/u);
    const rotated = await call(
      Credentials.rotateApiKey,
      { credentialId: made.credentialId, overlapMs: 60_000n },
      admin,
    );
    const { credentialId } = rotated;
    await call(Credentials.renameApiKey, { credentialId, name: 'deploy' }, admin);
    await call(Credentials.blockCredential, { credentialId }, admin);
    const listed = await call(Credentials.listApiKeys, { principalId }, admin);
    expect(listed.apiKeys.map(({ name, status }) => [name, status])).toEqual([
      ['ci', 'REPLACED'],
      ['deploy', 'BLOCKED'],
    ]);
    await call(Credentials.unblockCredential, { credentialId }, admin);
    await call(Credentials.revokeApiKey, { credentialId }, admin);
  });

  it('permissions, roles, groups and grants', async () => {
    const { admin } = acme;
    const permission = {
      name: 'orders:read',
      resourceType: 'order',
      description: 'Read orders',
      risk: 1,
      maxStalenessMs: 0n,
      auditRequired: false,
    } as const;
    await call(Roles.definePermission, { permission }, admin);
    await call(Roles.changePermission, { permission: { ...permission, risk: 2 } }, admin);
    const { roleId } = await call(
      Roles.createRole,
      { name: 'clerk', permissions: ['orders:read'] },
      admin,
    );
    const parent = await call(Roles.createRole, { name: 'staff' }, admin);
    await call(Roles.changeRoleParents, { roleId, addRoleIds: [parent.roleId] }, admin);
    await call(
      Roles.changeRolePermissions,
      { roleId, add: ['orders:*'], remove: ['orders:read'] },
      admin,
    );
    await call(Roles.renameRole, { roleId, name: 'seller' }, admin);
    const { role } = await call(Roles.getRole, { name: 'seller' }, admin);
    expect(role).toEqual({
      roleId,
      name: 'seller',
      permissions: ['orders:*'],
      parentRoleIds: [parent.roleId],
      admin: false,
    });
    const { groupId } = await call(Groups.createGroup, { name: 'sales' }, admin);
    const { principalId } = await call(Principals.createUser, { username: 'carol' }, admin);
    await call(Groups.addGroupMember, { groupId, principalId }, admin);
    const members = await call(Groups.listGroupMembers, { groupId }, admin);
    expect(members.principalIds).toEqual([principalId]);
    const { groups } = await call(Groups.listGroups, {}, admin);
    expect(groups).toEqual([{ groupId, name: 'sales' }]);
    const expiresAtMs = BigInt(Date.now() + 3_600_000);
    const grant = await call(
      Grants.grantRole,
      { groupId, roleId, resourcePrefix: 'shops/1', expiresAtMs, ticket: 'T-1' },
      admin,
    );
    const { grantId } = grant;
    await call(Grants.changeGrant, { grantId }, admin);
    const { grants } = await call(Grants.listGrants, { groupId }, admin);
    expect(grants).toMatchObject([
      {
        grantId,
        roleId,
        resourcePrefix: 'shops/1',
        expiresAtMs: 0n,
        ticket: 'T-1',
        position: grant.result?.position,
      },
    ]);
    await call(Grants.revokeGrant, { grantId }, admin);
    await call(Groups.removeGroupMember, { groupId, principalId }, admin);
    await call(Groups.deleteGroup, { groupId }, admin);
    await call(Roles.deleteRole, { roleId }, admin);
    await call(Roles.retirePermission, { name: 'orders:read' }, admin);
    const { roles } = await call(Roles.listRoles, {}, admin);
    expect(roles.map(({ name }) => name).sort()).toEqual(['admin', 'staff']);
    const { permissions } = await call(
      Roles.listPermissions,
      { page: { pageSize: 500, pageToken: '' } },
      admin,
    );
    expect(permissions.map(({ name }) => name)).not.toContain('orders:read');
  });

  it('tokens and signing keys', async () => {
    const { root } = world;
    const login = await call(Tokens.login, {
      tenant: 'acme',
      loginName: 'admin',
      password: adminPassword,
    });
    expect(login.principalId).toBe(acme.adminId);
    const { principalId } = await call(
      Principals.createServiceAccount,
      { username: 'worker' },
      acme.admin,
    );
    const { apiKey } = await call(Credentials.createApiKey, { principalId, name: 'k' }, acme.admin);
    const issued = await call(Tokens.issueToken, { ttlMs: 60_000n }, apiKey);
    expect(issued.accessToken.split('.')).toHaveLength(3);
    await call(Tokens.revokeTokens, { scope: 1, principalId }, acme.admin);
    const verdict = await call(
      Tokens.verifyPassword,
      { tenant: 'acme', username: 'admin', password: adminPassword },
      root,
    );
    expect(verdict).toMatchObject({
      verified: true,
      principalId: acme.adminId,
      tenantId: acme.tenantId,
      version: 1n,
    });
    const before = await call(Tokens.listSigningKeys, {}, root);
    const rotated = await call(Tokens.rotateSigningKey, { algorithm: 'ES256' }, root);
    const again = await call(Tokens.rotateSigningKey, {}, root);
    const { jwksJson } = await call(Tokens.getJwks, {});
    const jwks = JSON.parse(jwksJson) as { keys: { kid: string; d?: string }[] };
    expect(jwks.keys.map(({ kid }) => kid)).toEqual([before.keys[0]?.kid, rotated.kid, again.kid]);
    expect(jwks.keys.some(({ d }) => d !== undefined)).toBe(false);
    await call(Tokens.compromiseSigningKey, { kid: rotated.kid }, root);
    await call(Tokens.removeSigningKey, { kid: rotated.kid }, root);
    const { keys } = await call(Tokens.listSigningKeys, {}, root);
    expect(keys.map(({ kid, status }) => [kid, status])).toEqual([
      [before.keys[0]?.kid, 'RETIRING'],
      [rotated.kid, 'COMPROMISED'],
      [again.kid, 'ACTIVE'],
    ]);
  });

  it('oauth clients, their secrets, certificates and consents', async () => {
    const { admin } = acme;
    const settings = ClientSettings.fromPartial({
      name: 'Shop',
      redirectUris: ['https://shop.example/cb'],
      grantTypes: ['authorization_code', 'refresh_token'],
      scopes: ['openid', 'orders:read'],
      authMethod: 'client_secret_basic',
    });
    const kind = ClientKind.CLIENT_KIND_WEB;
    const made = await call(Clients.registerClient, { kind, settings }, admin);
    const { clientId, principalId } = made;
    expect(made.clientSecret).toMatch(/^lgcs_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/u);
    const changed = { ...settings, name: 'Store', dpopRequired: true };
    await call(Clients.changeClient, { clientId, settings: changed }, admin);
    const second = await call(Clients.createClientSecret, { clientId }, admin);
    const overlapMs = 60_000n;
    const third = await call(Clients.rotateClientSecret, { clientId, overlapMs }, admin);
    const { credentialId } = made;
    await call(Clients.revokeClientSecret, { clientId, credentialId }, admin);
    const { client } = await call(Clients.getClient, { clientId }, admin);
    expect(client).toMatchObject({
      kind,
      principalId,
      status: 'ACTIVE',
      settings: { ...changed, pkceRequired: true },
      secrets: [
        { credentialId: second.credentialId, status: 'REPLACED' },
        { credentialId: third.credentialId, status: 'ACTIVE', expiresAtMs: 0n },
      ],
    });
    const { clients } = await call(Clients.listClients, {}, admin);
    expect(clients.map((one) => one.clientId)).toEqual([clientId]);

    await call(Consents.giveConsent, { clientId, scopes: ['openid'] }, admin);
    const { consents } = await call(Consents.listConsents, {}, admin);
    expect(consents).toMatchObject([{ clientId, clientName: 'Store', scopes: ['openid'] }]);
    await call(Consents.withdrawConsent, { clientId }, admin);
    expect((await call(Consents.listConsents, {}, admin)).consents).toEqual([]);

    const spiffeId = 'spiffe://example.org/store';
    const certificate = { principalId, name: 'Store', spiffeId };
    const bound = await call(Clients.bindCertificate, certificate, admin);
    const { certificates } = await call(Clients.listCertificates, { principalId }, admin);
    expect(certificates).toMatchObject([{ spiffeId, name: 'Store', status: 'ACTIVE' }]);
    await call(Clients.removeCertificate, { credentialId: bound.credentialId }, admin);

    await call(Clients.suspendClient, { clientId }, admin);
    await call(Clients.resumeClient, { clientId }, admin);
    await call(Clients.deleteClient, { clientId }, admin);
    expect((await call(Clients.listClients, {}, admin)).clients).toEqual([]);
    const { principal } = await call(Principals.getPrincipal, { principalId }, admin);
    expect(principal?.status).toBe('DELETED');
  });

  it('logging in, factors, sessions, and the tokens in them', async () => {
    await everyLogin(world, call, acme.admin);
    const password = 'seven slow harbours';
    await setUpUser(world, acme.admin, 'sam', password);
    await everySession(world, call, { tenant: 'acme', loginName: 'sam', password });
    expect(succeeded).toContain('SessionService/EndAllSessions');
  });

  it('scopes and endpoint rules', async () => {
    await everyRule(call, acme.admin);
    expect(succeeded).toContain('EndpointRuleService/ReplaceEndpointRules');
  });

  it('the ledger', async () => {
    const barrier = await call(Ledger.appendBarrier, {}, acme.admin);
    const state = await call(Ledger.getStatus, { stateHash: true }, world.root);
    expect(state).toMatchObject({
      position: barrier.position,
      healthy: true,
      voidRecords: 0n,
      quarantinedKeys: 0n,
    });
    expect(state.acceptedRecords).toBe(barrier.position + 1n);
    expect(state.stateHash).toMatch(/^[0-9a-f]{64}$/u);
    expect(state.clusterId).toBe(world.identity.clusterId);
  });

  it('the ledger of operators', async () => {
    const { root } = world;
    const written = await call(Operator.writeCheckpoint, {}, root);
    expect(written.position).toBe(written.about + 1n);
    const signed = await call(Operator.signHead, { position: written.position }, root);
    expect(signed.position).toBe(written.position);
    const { signature } = await call(Operator.signFile, { sha256: Buffer.alloc(32, 7) }, root);
    expect(signature).toHaveLength(64);
    const level = await call(Operator.getFeatureLevel, {}, root);
    expect(level).toEqual({ level: newestLevel, newest: newestLevel });
    const raised = await call(Operator.raiseFeatureLevel, { level: newestLevel }, root);
    expect(raised).toEqual({ level: newestLevel, position: undefined });
  });

  it('the past', async () => {
    const { admin, adminId } = acme;
    const { principalId } = await call(Principals.createUser, { username: 'dora' }, admin);
    const role = { name: 'archivist', permissions: ['ledgate.operator:*'] };
    const { roleId } = await call(Roles.createRole, role, admin);
    const grant = await call(Grants.grantRole, { principalId, roleId }, admin);
    const to = { position: grant.result?.position, atMs: undefined };
    const from = { position: (to.position ?? 0n) - 1n, atMs: undefined };
    const [action, resource] = ['ledgate.operator:diff', 'tenants/x'];
    const question = { principalId, action, resource };
    const denied = await call(Past.checkAt, { ...question, at: from }, admin);
    expect(denied).toMatchObject({ decision: 2, reason: 'NO_GRANT' });
    expect(denied.place?.position).toBe(from.position);
    const allowed = await call(Past.explainAt, { ...question, at: to }, admin);
    expect(allowed).toMatchObject({ answer: { decision: 1 }, paths: [{ grantId: grant.grantId }] });
    const who = await call(Past.whoCan, { action, resource, at: to }, admin);
    const roles = who.principals.map((one) => [one.principalId, one.ways[0]?.roleName] as const);
    expect(roles).toHaveLength(2);
    expect(new Map(roles)).toEqual(
      new Map([
        [adminId, 'admin'],
        [principalId, 'archivist'],
      ]),
    );
    const what = await call(Past.whatCan, { principalId, at: to }, admin);
    const permissions = what.permissions.map(({ permission }) => permission);
    expect(permissions).toContain('ledgate.operator:diff');
    const { changes } = await call(Past.diff, { principalId, from, to }, admin);
    expect(changes.map(({ permission, kind }) => [permission, kind])).toEqual(
      permissions.map((permission) => [permission, 1]),
    );
    expect(changes[0]?.events).toMatchObject([
      { position: to.position, actorPrincipalId: adminId },
    ]);
    const { events } = await call(Past.history, { id: principalId }, admin);
    expect(events.map(({ event }) => event?.type)).toEqual([
      'ledgate.principal.PrincipalRegistered.v1',
      'ledgate.grant.RoleGranted.v1',
    ]);
  });

  it('leaves none out', () => {
    succeeded.add('UpstreamService/UnlinkExternalIdentity'); // in test/integration/pages/upstream
    expect([...succeeded].sort()).toEqual(everyMethod.map(({ path }) => shortName(path)).sort());
  });
});
