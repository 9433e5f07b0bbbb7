import { chmodSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '#libs/runtime/secret.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type Folder,
  type World,
} from '../../support/identity/running-identity.js';
import {
  adminPassword,
  logIn,
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
} from '../../support/identity/tenant-setup.js';

let folder: Folder;
let open: World[];

beforeEach(() => {
  folder = temporaryFolder();
  open = [];
});
afterEach(async () => {
  for (const world of open) await world.close();
  folder.remove();
});

async function start(change: Parameters<typeof testConfig>[1] = {}): Promise<World> {
  const world = await startWorld(testConfig(folder.path, change));
  open.push(world);
  return world;
}

async function stop(world: World): Promise<void> {
  open = open.filter((each) => each !== world);
  await world.close();
}

/** Root's key is shown once: later worlds read it from the file of the founding one. */
const rootKey = (): string => readFileSync(join(folder.path, 'bootstrap-api-key'), 'utf8').trim();

const statusOf = (world: World) => world.call(Ledger.getStatus, { stateHash: true }, rootKey());

async function history(world: World): Promise<{ key: string; grantId: string; admin: string }> {
  const acme = await setUpTenant(world, 'acme');
  const ann = await setUpUser(world, acme.admin, 'ann', 'seven quiet lanterns');
  const { apiKey } = await setUpApiKey(world, acme.admin, ann);
  const { grantId } = await setUpGrant(world, acme.admin, ann, {
    name: 'reader',
    permissions: ['ledgate.identity:get-tenant'],
  });
  return { key: apiKey, grantId, admin: acme.admin };
}

describe('the state of identity', () => {
  it('is the same after a restart, and after it was deleted (same hash, position, chain)', async () => {
    const first = await start();
    const { key } = await history(first);
    const before = await statusOf(first);
    await stop(first);

    const restarted = await start();
    expect(restarted.identity.founded).toBeUndefined();
    const afterRestart = await statusOf(restarted);
    await expect(restarted.call(Tenants.getTenant, {}, key)).resolves.toBeDefined();
    await stop(restarted);

    rmSync(join(folder.path, 'identity-state'), { recursive: true });
    const rebuilt = await start();
    const afterRebuild = await statusOf(rebuilt);
    await expect(rebuilt.call(Tenants.getTenant, {}, key)).resolves.toBeDefined();
    const facts = ({ position, chain, stateHash }: typeof before) => ({
      position,
      chain,
      stateHash,
    });
    expect(facts(afterRestart)).toEqual(facts(before));
    expect(facts(afterRebuild)).toEqual(facts(before));
  });

  it('remembers revocations, tokens and watermarks over a restart (Keycloak CVE-2026-9802)', async () => {
    const first = await start();
    const { key, grantId, admin } = await history(first);
    await first.call(Grants.revokeGrant, { grantId }, admin);
    await stop(first);
    const second = await start();
    await expect(second.call(Tenants.getTenant, {}, key)).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    });
    await expect(second.call(Tenants.getTenant, {}, admin)).resolves.toBeDefined();
    await expect(logIn(second, 'acme', 'admin', adminPassword)).resolves.toMatch(/^eyJ/u);
  });

  it('is dropped when it belongs to another ledger', async () => {
    const first = await start();
    await history(first);
    await stop(first);
    rmSync(join(folder.path, 'ledger'), { recursive: true });
    const second = await start();
    expect(second.identity.founded).toBeDefined();
    await expect(logIn(second, 'acme', 'admin', adminPassword)).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
    const after = await statusOf(second);
    await stop(second);
    rmSync(join(folder.path, 'identity-state'), { recursive: true });
    expect((await statusOf(await start())).stateHash).toBe(after.stateHash);
  });
});

describe('a start', () => {
  it('keeps the keys and the first credential for their owner alone', async () => {
    await start();
    for (const name of ['keys/master.key', 'keys/ledger.key', 'bootstrap-api-key']) {
      expect([name, statSync(join(folder.path, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
  });

  it('refuses another master key', async () => {
    await stop(await start());
    const masterKey = new Secret('ab12'.repeat(16));
    await expect(start({ masterKey })).rejects.toMatchObject({ reason: 'MISCONFIGURED' });
  });

  it('refuses another ledger key, and appends nothing', async () => {
    const world = await start();
    const before = await statusOf(world);
    await stop(world);
    const ledgerKey = new Secret('ab12'.repeat(16));
    await expect(start({ ledgerKey })).rejects.toMatchObject({ reason: 'MISCONFIGURED' });
    expect((await statusOf(await start())).position).toBe(before.position);
  });

  it('refuses a key file that others can read', async () => {
    await stop(await start());
    chmodSync(join(folder.path, 'keys', 'master.key'), 0o644);
    await expect(start()).rejects.toMatchObject({ reason: 'MISCONFIGURED' });
  });

  it('refuses to listen in plaintext beyond loopback', async () => {
    await expect(start({ address: '0.0.0.0:0' })).rejects.toMatchObject({
      reason: 'MISCONFIGURED',
    });
  });
});
