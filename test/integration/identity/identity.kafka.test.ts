import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureTopics, topicSpecs } from '#libs/ledger/kafka/topics.js';
import { ERASED_AFTER_MS } from '#libs/ledger/kafka/topic-spec.js';
import { Secret } from '#libs/runtime/secret.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import {
  ErasureState,
  PrincipalServiceService as Principals,
} from '#proto/ledgate/identity/v1/principal.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type Folder,
  type World,
} from '../../support/identity/running-identity.js';
import { adminPassword, logIn, setUpTenant } from '../../support/identity/tenant-setup.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';

const masterKey = new Secret('5e1f'.repeat(15) + 'a0b1');
const ledgerKey = new Secret('7c3d'.repeat(15) + 'c2d3');

describeOnKafka('identity on Kafka', (brokers) => {
  let prefix: string;
  let folders: Folder[];
  let worlds: World[];

  beforeEach(async () => {
    prefix = `cell-${randomUUID()}`;
    folders = [];
    worlds = [];
    await ensureTopics({ brokers }, topicSpecs({ prefix, replicationFactor: brokers.length }));
  });
  afterEach(async () => {
    for (const world of worlds) await world.close();
    for (const folder of folders) folder.remove();
  });

  async function start(folder: Folder, founding = false): Promise<World> {
    const keys = { masterKey, ledgerKey };
    const place = { log: 'kafka', kafkaBrokers: brokers, topicPrefix: prefix } as const;
    const config = testConfig(folder.path, { ...keys, ...place });
    const world = await startWorld(config, { bootstrap: founding });
    worlds.push(world);
    return world;
  }

  function newFolder(): Folder {
    const folder = temporaryFolder();
    folders.push(folder);
    return folder;
  }

  it('is founded on request only, and then serves with several equal instances', async () => {
    await expect(start(newFolder())).rejects.toMatchObject({ reason: 'MISCONFIGURED' });
    const one = await start(newFolder(), true);
    const two = await start(newFolder());
    const acme = await setUpTenant(one, 'acme');
    const names = Array.from({ length: 40 }, (_, at) => `g-${at}`);
    await Promise.all(
      names.map((name, at) =>
        (at % 2 === 0 ? one : two).call(Groups.createGroup, { name }, acme.admin),
      ),
    );
    const claims = await Promise.allSettled(
      [one, two, one, two].map((world) =>
        world.call(Principals.createUser, { username: 'unique' }, acme.admin),
      ),
    );
    expect(claims.filter(({ status: outcome }) => outcome === 'fulfilled')).toHaveLength(1);
    await expect(logIn(two, 'acme', 'admin', adminPassword)).resolves.toMatch(/^eyJ/u);
    const barrier = await one.call(Ledger.appendBarrier, {}, acme.admin);
    const hashes = [];
    for (const world of [one, two]) {
      let seen = await world.call(Ledger.getStatus, { stateHash: true }, one.root);
      while (seen.position < barrier.position) {
        seen = await world.call(Ledger.getStatus, { stateHash: true }, one.root);
      }
      hashes.push(seen.stateHash);
    }
    expect(hashes[0]).toBe(hashes[1]);
  });

  it('has the same state after a restart without its folder, and remembers revocations', async () => {
    const folder = newFolder();
    const first = await start(folder, true);
    const { tenantId } = await setUpTenant(first, 'acme');
    await first.call(Tenants.suspendTenant, { tenantId }, first.root);
    const root = readFileSync(join(folder.path, 'bootstrap-api-key'), 'utf8').trim();
    const before = await first.call(Ledger.getStatus, { stateHash: true }, root);
    await first.close();
    worlds = [];
    for (const name of ['identity-state', 'identity-state.mark', 'vault-cache']) {
      rmSync(join(folder.path, name), { recursive: true, force: true });
    }
    const second = await start(folder);
    const after = await second.call(Ledger.getStatus, { stateHash: true }, root);
    expect([after.position, after.chain, after.stateHash]).toEqual([
      before.position,
      before.chain,
      before.stateHash,
    ]);
    await expect(logIn(second, 'acme', 'admin', adminPassword)).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
  });

  it('is still erasing while the brokers may have the blobs, says every instance', async () => {
    const one = await start(newFolder(), true);
    const two = await start(newFolder());
    const { admin } = await setUpTenant(one, 'acme');
    const made = await one.call(Principals.createUser, { username: 'ann' }, admin);
    const about = { principalId: made.principalId };
    await one.call(Principals.deletePrincipal, about, admin);
    const { erasure } = await one.call(Principals.eraseSubject, about, admin);
    const { recordedAtMs = 0n, goneAtMs = 0n } = erasure ?? {};
    expect(erasure).toMatchObject({ state: ErasureState.ERASURE_STATE_ERASING, blobs: 2 });
    expect(Number(goneAtMs - recordedAtMs) / ERASED_AFTER_MS).toBeCloseTo(1, 2);
    const atTwo = async () => (await two.call(Principals.getErasure, about, admin)).erasure;
    await expect.poll(atTwo, { timeout: 5_000 }).toEqual(erasure);
  });

  it('does not start on a topic whose retention would delete the ledger', async () => {
    prefix = `forgetful-${randomUUID()}`;
    const specs = topicSpecs({ prefix, replicationFactor: brokers.length });
    const forgetful = specs.map((spec) => ({
      ...spec,
      settings: spec.settings.map((one) =>
        one.name === 'retention.ms' ? { ...one, value: '604800000' } : one,
      ),
    }));
    await ensureTopics({ brokers }, forgetful);
    await expect(start(newFolder(), true)).rejects.toMatchObject({
      reason: 'MISCONFIGURED',
      message: expect.stringContaining('retention.ms must be -1') as string,
    });
  });
});
