import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  ClientKind,
  ClientServiceService as Clients,
  ClientSettings,
} from '#proto/ledgate/identity/v1/client.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { StoppableCell } from '../../support/authorizer/stoppable-cell.js';
import { setUpApiKey, setUpTenant, setUpUser } from '../../support/identity/tenant-setup.js';

const password = 'purple lighthouse umbrella';
const held = { position: -1n, consistencyToken: '' };
const early = 'ledgate_authorizer_early_denies';

let cell: StoppableCell;
/** API key of the administrator of tenant acme. */
let admin: string;
let adminId: string;
let tenantId: string;

beforeEach(async () => {
  cell = await StoppableCell.open();
  await expect.poll(() => cell.metric('ledgate_authorizer_revocation_feeds')).toBe(1);
  const tenant = await setUpTenant(cell.world, 'acme');
  ({ adminId, tenantId } = tenant);
  admin = (await setUpApiKey(cell.world, tenant.admin, adminId)).apiKey;
});
afterEach(() => cell.close());

interface Person {
  readonly principalId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly credentialId: string;
  readonly apiKey: string;
}

/** Somebody who has logged in, and has an API key. */
async function person(loginName: string): Promise<Person> {
  const { world } = cell;
  const principalId = await setUpUser(world, admin, loginName, password);
  const key = await setUpApiKey(world, admin, principalId);
  const { step } = await world.call(Logins.startLogin, { tenant: 'acme', loginName, password });
  const { sessionToken = '' } = step?.done ?? {};
  const wanted = { withRefreshToken: true };
  const tokens = await world.call(Tokens.issueToken, wanted, sessionToken);
  const { accessToken, refreshToken } = tokens;
  await expect.poll(() => cell.isGood(accessToken, admin)).toBe(true);
  await expect.poll(() => cell.isGoodByLedger(accessToken, admin)).toBe(true);
  return { principalId, accessToken, refreshToken, ...key };
}

const logsIn = (loginName: string) =>
  cell.world.call(Tokens.login, { tenant: 'acme', loginName, password });

async function isActive(token: string): Promise<boolean> {
  return (await cell.world.call(Tokens.introspectToken, { token }, admin)).active;
}

it('a principal who is suspended while the ledger is stopped is refused at once, and may come back after', async () => {
  const { world } = cell;
  const [alice, carol] = [await person('alice'), await person('carol')];
  cell.stop('L');
  const { principalId } = alice;
  const answer = await world.call(Principals.suspendPrincipal, { principalId }, admin);
  expect(answer.result).toMatchObject(held);
  await expect.poll(() => cell.isGood(alice.accessToken, admin)).toBe(false);
  expect(await cell.isGood(alice.apiKey, admin)).toBe(false);
  // It is the early deny that bites: who is not told goes on.
  expect(await cell.isGoodByLedger(alice.accessToken, admin)).toBe(true);

  // At identity itself: log-in, refresh, introspection, calls.
  await expect(logsIn('alice')).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  const refresh = { refreshToken: alice.refreshToken };
  await expect(world.call(Tokens.refreshToken, refresh)).rejects.toThrow();
  expect(await isActive(alice.accessToken)).toBe(false);
  expect(await isActive(alice.refreshToken)).toBe(false);
  await expect(world.call(Tokens.issueToken, {}, alice.apiKey)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
  });
  // Nobody else is.
  expect((await logsIn('carol')).accessToken).not.toBe('');
  expect(await isActive(carol.accessToken)).toBe(true);
  expect(await cell.isGood(carol.accessToken, admin)).toBe(true);

  cell.goOn();
  await expect.poll(() => cell.isGoodByLedger(alice.accessToken, admin)).toBe(false);
  await expect.poll(() => cell.journal).toBe('');
  await expect.poll(() => cell.metric(early)).toBe(0);
  expect(await cell.isGood(alice.accessToken, admin)).toBe(false);
  await world.call(Principals.resumePrincipal, { principalId }, admin);
  const { accessToken } = await logsIn('alice');
  await expect.poll(() => cell.isGood(accessToken, admin)).toBe(true);
});

it('so is an API key that is revoked, one that is blocked, a client, and a tenant', async () => {
  const { world } = cell;
  const { root } = world;
  const [bob, carol] = [await person('bob'), await person('carol')];
  const other = await setUpTenant(world, 'other');
  const settings = ClientSettings.fromPartial({
    name: 'Shop',
    grantTypes: ['client_credentials'],
    authMethod: 'client_secret_basic',
  });
  const kind = ClientKind.CLIENT_KIND_WEB;
  const client = await world.call(Clients.registerClient, { kind, settings }, admin);
  await expect.poll(() => cell.isGood(other.admin, root)).toBe(true);
  cell.stop('L');
  const byKey = { credentialId: bob.credentialId };
  const revoked = await world.call(Credentials.revokeApiKey, byKey, bob.apiKey);
  expect(revoked.result).toMatchObject(held);
  await expect.poll(() => cell.isGood(bob.apiKey, admin)).toBe(false);
  expect(await cell.isGoodByLedger(bob.apiKey, admin)).toBe(true);
  expect(await cell.isGood(bob.accessToken, admin)).toBe(true);
  await expect(world.call(Tokens.issueToken, {}, bob.apiKey)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
  });

  const blocked = { credentialId: carol.credentialId };
  expect((await world.call(Credentials.blockCredential, blocked, admin)).result).toMatchObject(
    held,
  );
  await expect.poll(() => cell.isGood(carol.apiKey, admin)).toBe(false);

  const { clientId, credentialId } = client;
  const ofSecret = { clientId, credentialId };
  expect((await world.call(Clients.revokeClientSecret, ofSecret, admin)).result).toMatchObject(
    held,
  );
  expect((await world.call(Clients.suspendClient, { clientId }, admin)).result).toMatchObject(held);

  const ofTenant = { tenantId: other.tenantId };
  expect((await world.call(Tenants.suspendTenant, ofTenant, root)).result).toMatchObject(held);
  await expect.poll(() => cell.isGood(other.admin, root)).toBe(false);
  await expect(world.call(Principals.listPrincipals, {}, other.admin)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
  });
  expect(await cell.metric(early)).toBe(5);
  // What is asked for again is held once.
  await world.call(Clients.suspendClient, { clientId }, admin);
  expect(cell.journal.split('\n')).toHaveLength(5);

  cell.goOn();
  await expect.poll(() => cell.journal).toBe('');
  await expect.poll(() => cell.metric(early)).toBe(0);
  await expect.poll(() => cell.isGoodByLedger(bob.apiKey, admin)).toBe(false);
  expect(await cell.isGood(bob.apiKey, admin)).toBe(false);
  expect(await cell.isGood(carol.apiKey, admin)).toBe(false);
  const { client: known } = await world.call(Clients.getClient, { clientId }, admin);
  expect([known?.status, known?.secrets]).toEqual(['SUSPENDED', []]);
  const { tenant } = await world.call(Tenants.getTenant, ofTenant, root);
  expect(tenant?.status).toBe('SUSPENDED');
});

it('nothing is held for who may not, nor of another tenant, nor what the decider refuses', async () => {
  const { world } = cell;
  const [alice, carol] = [await person('alice'), await person('carol')];
  const other = await setUpTenant(world, 'other');
  cell.stop('L');
  const { principalId } = alice;
  const suspends = (request: object, caller: string) =>
    world.call(Principals.suspendPrincipal, request, caller);
  await expect(suspends({ principalId }, carol.accessToken)).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
  });
  await expect(suspends({ principalId }, other.admin)).rejects.toMatchObject({
    code: status.NOT_FOUND,
  });
  await expect(suspends({ principalId, tenantId }, other.admin)).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
  });
  // The last administrator.
  await expect(suspends({ principalId: adminId }, admin)).rejects.toMatchObject({
    code: status.FAILED_PRECONDITION,
  });
  const foreign = { credentialId: alice.credentialId };
  await expect(world.call(Credentials.revokeApiKey, foreign, other.admin)).rejects.toThrow();
  expect(await cell.metric(early)).toBe(0);
  expect(await cell.isGood(alice.accessToken, admin)).toBe(true);
});

it('a kill loses none, and what who asked may not any more is refused and lifted in the end', async () => {
  const [alice, carol] = [await person('alice'), await person('carol')];
  cell.stop('L');
  await cell.world.call(Principals.suspendPrincipal, { principalId: alice.principalId }, admin);
  const promised = cell.journal;
  expect(promised).not.toContain(admin);
  cell.goOn();
  await expect.poll(() => cell.journal).toBe('');
  await cell.world.call(Principals.resumePrincipal, { principalId: alice.principalId }, admin);
  await cell.world.close();

  // Two promises of a process that was killed: of the administrator, and of somebody who is none.
  const changed = (id: string, asker: string, whom: string): string => {
    const line = JSON.parse(promised) as { readonly call: object; readonly command: object };
    const actor = { tenant: tenantId, principal: asker };
    const call = { ...line.call, commandId: id, actor };
    return JSON.stringify({ ...line, id, call, command: { ...line.command, principal: whom } });
  };
  const lines = [
    changed('right', adminId, alice.principalId),
    changed('wrong', alice.principalId, carol.principalId),
  ];
  writeFileSync(join(cell.folder.path, 'held-revocations.jsonl'), `${lines.join('\n')}\n`);
  await cell.openIdentity();
  await expect.poll(() => cell.journal).toBe('');
  const standing = async ({ principalId }: Person) =>
    (await cell.world.call(Principals.getPrincipal, { principalId }, admin)).principal?.status;
  await expect.poll(() => standing(alice).catch(() => '')).toBe('SUSPENDED');
  expect(await standing(carol)).toBe('ACTIVE');
  await expect.poll(() => cell.metric(early), { timeout: 5_000 }).toBe(0);
  await expect.poll(() => cell.isGood(carol.accessToken, admin)).toBe(true);
});

it('what an identity does not hold any more when it is heard of again is lifted', async () => {
  const alice = await person('alice');
  cell.stop('L');
  await cell.world.call(Principals.suspendPrincipal, { principalId: alice.principalId }, admin);
  await expect.poll(() => cell.metric(early)).toBe(1);
  await cell.world.close();
  // Nobody is left to say what became of it: so long it stays refused.
  expect(await cell.metric(early)).toBe(1);
  rmSync(join(cell.folder.path, 'held-revocations.jsonl'));
  cell.goOn();
  await cell.openIdentity();
  await expect.poll(() => cell.metric(early), { timeout: 5_000 }).toBe(0);
  const byLedger = await cell.isGoodByLedger(alice.accessToken, admin);
  expect(await cell.isGood(alice.accessToken, admin)).toBe(byLedger);
});
