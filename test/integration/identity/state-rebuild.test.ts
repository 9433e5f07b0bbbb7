import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open as openLmdb } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLedgerOf, type LedgerAccess } from '#services/ledgate/operate/place.js';
import { compareStates, rebuildState } from '#services/ledgate/operate/state.js';
import { stateFolder } from '#services/identity/adapters/state-versions.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type Folder,
  type World,
} from '../../support/identity/running-identity.js';
import { setUpApiKey, setUpTenant } from '../../support/identity/tenant-setup.js';
import { runCli } from '../../support/ledgate/run-program.js';

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

async function start(): Promise<World> {
  const snapshots = { folder: join(folder.path, 'snapshots'), everyRecords: 3, everyMs: 1e9 };
  const world = await startWorld(testConfig(folder.path, { snapshots }));
  open.push(world);
  return world;
}

async function stop(world: World): Promise<void> {
  open = open.filter((each) => each !== world);
  await world.close();
}

const state = (...args: string[]) =>
  runCli(['--data', folder.path, '--json', 'state', ...args], {});
async function withLedger<T>(work: (access: LedgerAccess) => Promise<T>): Promise<T> {
  const access = openLedgerOf({ data: folder.path });
  try {
    return await work(access);
  } finally {
    await access.log.close();
  }
}

const served = (): string => stateFolder(folder.path);

/** Commands and questions, until it is told to stop; what was refused. */
function load(world: World, root: string, admin: string) {
  const refused: unknown[] = [];
  const done = { questions: 0, commands: 0, now: false };
  const question = async (): Promise<void> => {
    while (!done.now) {
      await world.call(Tenants.getTenant, {}, admin).catch((error: unknown) => refused.push(error));
      done.questions += 1;
    }
  };
  const command = async (): Promise<void> => {
    for (let i = 0; !done.now; i++) {
      const role = { name: `role-${i}`, permissions: ['ledgate.identity:get-tenant'] };
      await world.call(Roles.createRole, role, root).catch((error: unknown) => refused.push(error));
      done.commands += 1;
    }
  };
  const running = Promise.all([question(), question(), command()]);
  return {
    refused,
    done,
    stop: async () => {
      done.now = true;
      await running;
    },
  };
}

describe('ledgate state rebuild', () => {
  it('builds beside an instance that serves, which refuses nothing; a start on it is at once there', async () => {
    const world = await start();
    const acme = await setUpTenant(world, 'acme');
    const { apiKey } = await setUpApiKey(world, acme.admin, acme.adminId);
    const busy = load(world, acme.admin, apiKey);
    const out = join(folder.path, 'next', 'state');
    const built = await state('rebuild', '--out', out);
    const compared = await state('diff', served(), out);
    await busy.stop();
    expect(busy.refused.map(String)).toEqual([]);
    expect(Math.min(busy.done.questions, busy.done.commands)).toBeGreaterThan(20);
    expect([built.stderr, built.code]).toEqual(['', 0]);
    expect(JSON.parse(built.stdout)).toMatchObject({ folder: out });
    expect([compared.stderr, compared.stdout, compared.code]).toEqual(['', '[]\n', 0]);

    const before = await world.call(Ledger.getStatus, { stateHash: true }, world.root);
    await stop(world);
    rmSync(join(folder.path, 'identity-state'), { recursive: true });
    mkdirSync(join(folder.path, 'identity-state'));
    renameSync(out, served());
    renameSync(`${out}.mark`, `${served()}.mark`);
    const next = await start();
    const after = await next.call(Ledger.getStatus, { stateHash: true }, world.root);
    expect(after.stateHash).toBe(before.stateHash);
    expect(after.position).toBe(before.position);
  });

  it('leaves the folder of a serving instance alone', async () => {
    await start();
    await expect(withLedger((access) => rebuildState(access, undefined, () => {}))).rejects.toThrow(
      'is in use',
    );
  });
});

describe('ledgate state diff', () => {
  it('says so when the served documents are what the ledger says, and names those that are not', async () => {
    const world = await start();
    await setUpTenant(world, 'acme');
    await stop(world);
    const same = await withLedger((access) =>
      compareStates(access, undefined, undefined, () => {}),
    );
    expect(same.differences).toEqual([]);
    const root = openLmdb({ path: served(), noSubdir: false, maxDbs: 8 });
    const documents = root.openDB<object, Buffer>({
      name: 'documents',
      encoding: 'json',
      keyEncoding: 'binary',
    });
    const [first, second] = [...documents.getKeys({ limit: 2 })];
    const texts = [first, second].map((key) => key?.toString('utf8'));
    documents.removeSync(first as Buffer);
    documents.putSync(second as Buffer, { forged: true });
    documents.putSync(Buffer.from('t/zzz:added'), {});
    await root.close();
    const { stdout, code } = await state('diff');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([
        { document: texts[0], in: 'second' },
        { document: texts[1], in: 'both' },
        { document: 't/zzz:added', in: 'first' },
      ]),
    );
    expect(JSON.parse(stdout)).toHaveLength(3);
  });

  it('needs a state', async () => {
    await stop(await start());
    const nowhere = join(folder.path, 'nowhere');
    const compared = withLedger((access) => compareStates(access, nowhere, undefined, () => {}));
    await expect(compared).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  });
});

describe('a start', () => {
  it('deletes the folder of a build before versions, and builds its own', async () => {
    const world = await start();
    const before = await world.call(Ledger.getStatus, { stateHash: true }, world.root);
    await stop(world);
    const old = join(folder.path, 'identity-state');
    for (const file of ['data.mdb', 'lock.mdb']) renameSync(join(served(), file), join(old, file));
    rmSync(served(), { recursive: true });
    writeFileSync(`${old}.mark`, 'closed');
    const next = await start();
    const after = await next.call(Ledger.getStatus, { stateHash: true }, world.root);
    expect(after.stateHash).toBe(before.stateHash);
    expect(existsSync(join(old, 'data.mdb'))).toBe(false);
    expect(existsSync(`${old}.mark`)).toBe(false);
  });

  it('goes on from a snapshot of the view that lies behind its documents', async () => {
    const world = await start();
    const acme = await setUpTenant(world, 'acme');
    const { apiKey } = await setUpApiKey(world, acme.admin, acme.adminId);
    await stop(world);
    const kept = join(folder.path, 'snapshots', 'auth.ledger.v1', 'identity');
    expect(existsSync(kept)).toBe(true);
    const next = await start();
    await expect(next.call(Tenants.getTenant, {}, apiKey)).resolves.toMatchObject({});
    await expect(next.call(Tenants.getTenant, {}, `${apiKey}x`)).rejects.toMatchObject({
      code: 16,
    });
  });
});
