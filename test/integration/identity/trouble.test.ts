import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  perfectNetwork,
  SimulatedLog,
  type AppendFate,
} from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import { SimulatedVault } from '#libs/ledger/simulated/simulated-vault.js';
import { systemClock } from '#libs/runtime/clock.js';
import { HealthCheckResponse_ServingStatus, HealthService } from '#proto/grpc/health/v1/health.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type Folder,
  type World,
} from '../../support/identity/running-identity.js';
import { adminPassword, logIn, setUpTenant } from '../../support/identity/tenant-setup.js';

const fine: AppendFate = perfectNetwork.append();
const shortly = (ms: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, ms));

let folder: Folder;
let store: SimulatedStore;
let log: SimulatedLog;
/** What happens to the next appends; fine when there are no more. */
let fates: AppendFate[];
let world: World;

beforeEach(async () => {
  folder = temporaryFolder();
  fates = [];
  store = new SimulatedStore(() => systemClock.wallMs());
  const network = { ...perfectNetwork, append: () => fates.shift() ?? fine };
  log = new SimulatedLog('auth.ledger.v1', store, systemClock, network);
  const injection = { log, vault: new SimulatedVault() };
  world = await startWorld(testConfig(folder.path), injection);
});
afterEach(async () => {
  await world.close();
  await log.close();
  folder.remove();
});

describe('when appends go astray', () => {
  it.each([
    ['lost without a word', { arrivals: [], timeoutMs: 50 }],
    ['written, but never acknowledged', { arrivals: [5], timeoutMs: 50 }],
    ['written twice', { arrivals: [0, 20], acknowledgedAfter: 1, timeoutMs: 50 }],
    ['written late, after they were given up', { arrivals: [120], timeoutMs: 20 }],
  ] as const)('%s, a command counts exactly once', async (_, fate) => {
    const acme = await setUpTenant(world, 'acme');
    fates.push(fate);
    const options = { commandId: 'once', reason: '' };
    const made = await world.call(Groups.createGroup, { options, name: 'team' }, acme.admin);
    await shortly(150);
    const again = await world.call(Groups.createGroup, { options, name: 'team' }, acme.admin);
    expect(again).toMatchObject({ groupId: made.groupId, result: { replayed: true } });
    const { groups } = await world.call(Groups.listGroups, {}, acme.admin);
    expect(groups).toEqual([{ groupId: made.groupId, name: 'team' }]);
  });

  it('refused ones are reported as such: nothing was written, and nothing is left in the vault', async () => {
    const acme = await setUpTenant(world, 'acme');
    fates.push({ refused: true, arrivals: [], timeoutMs: 50 });
    const refused = await refusal(world.call(Groups.createGroup, { name: 'team' }, acme.admin));
    expect(refused.code).toBe(status.UNAVAILABLE);
    await expect(
      world.call(Groups.createGroup, { name: 'team' }, acme.admin),
    ).resolves.toBeDefined();
  });
});

describe('when nothing can be read any more', () => {
  it('appends nothing either: what is not read back is never answered', async () => {
    const apart = temporaryFolder();
    const network = { ...perfectNetwork, fetchDelayMs: () => (stalled ? 600_000 : 0) };
    let stalled = false;
    const entries = new SimulatedStore(() => systemClock.wallMs());
    const stalling = new SimulatedLog('auth.ledger.v1', entries, systemClock, network);
    const config = testConfig(apart.path, { maxStalenessMs: 1_500 });
    const cut = await startWorld(config, { log: stalling, vault: new SimulatedVault() });
    const acme = await setUpTenant(cut, 'acme');
    stalled = true;
    await shortly(2_200);
    const before = entries.length;
    const refused = await refusal(cut.call(Groups.createGroup, { name: 'team' }, acme.admin));
    expect(refused.code).toBe(status.UNAVAILABLE);
    expect(refused.details).toContain('lost touch with the ledger');
    expect(entries.length).toBe(before);
    await cut.close();
    apart.remove();
  });
});

describe('when the log is cut', () => {
  it('answers nothing from the lost history, rebuilds, and serves again', async () => {
    await setUpTenant(world, 'kept');
    const { position } = await world.call(Ledger.getStatus, {}, world.root);
    const lost = await setUpTenant(world, 'lost');
    await expect(world.call(Tenants.getTenant, {}, lost.admin)).resolves.toBeDefined();
    store.cut(Number(position) + 1);
    log.disconnect();
    const health = async () => (await world.call(HealthService.check, { service: '' })).status;
    const until = async (serving: boolean): Promise<void> => {
      const wanted = HealthCheckResponse_ServingStatus[serving ? 'SERVING' : 'NOT_SERVING'];
      while ((await health()) !== wanted) await shortly(5);
    };
    await until(false);
    const meanwhile = await refusal(world.call(Tenants.getTenant, {}, lost.admin));
    expect(meanwhile.code).toBe(status.UNAVAILABLE);
    await until(true);
    await expect(logIn(world, 'kept', 'admin', adminPassword)).resolves.toMatch(/^eyJ/u);
    const gone = refusal(logIn(world, 'lost', 'admin', adminPassword));
    expect(await gone).toMatchObject({ code: status.UNAUTHENTICATED });
    const again = await setUpTenant(world, 'lost');
    expect(again.tenantId).not.toBe(lost.tenantId);
    // The log has grown past the position that the old token names: it belongs to nobody.
    const old = await refusal(world.call(Tenants.getTenant, {}, lost.admin));
    expect(old.code).toBe(status.UNAUTHENTICATED);
  });
});
