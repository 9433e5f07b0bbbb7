import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { status as grpc } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import {
  ErasureState,
  PrincipalServiceService as Principals,
} from '#proto/ledgate/identity/v1/principal.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { openLedger } from '#libs/ledger/open-ledger.js';
import { STATE_VERSION } from '#services/identity/adapters/lmdb-state.js';
import type { Vault } from '#libs/ledger/vault.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type Folder,
  type World,
} from '../../support/identity/running-identity.js';
import { setUpTenant, setUpUser } from '../../support/identity/tenant-setup.js';

let folder: Folder;
let world: World | undefined;

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  await stop();
  folder.remove();
});

const rootKey = (): string => readFileSync(join(folder.path, 'bootstrap-api-key'), 'utf8').trim();

type Stores = ReturnType<typeof openLedger>;
let stores: Stores | undefined;

/** Erasures that do not happen: what a kill between record and erasure leaves behind. */
function killedBeforeErasing(stores: Stores): Stores {
  const { vault } = stores;
  const deaf: Vault = {
    goneAfterMs: vault.goneAfterMs,
    put: (id, blob) => vault.put(id, blob),
    get: (id, timeoutMs) => vault.get(id, timeoutMs),
    erase: () => new Promise(() => {}),
    erasedAt: (id) => vault.erasedAt(id),
    list: () => vault.list(),
    close: () => vault.close(),
  };
  return { ...stores, vault: deaf, close: () => stores.close() };
}

async function ids(vault: Vault): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const { id } of vault.list()) found.add(id);
  return found;
}

/** A principal with a history: three passwords, two profiles, a login name that was removed. */
async function eventful(own: World, admin: string): Promise<string> {
  const principalId = await setUpUser(own, admin, 'ann', 'seven quiet lanterns');
  const set = (password: string) =>
    own.call(Credentials.setPassword, { principalId, password }, admin);
  await set('eight quiet lanterns');
  await set('nine quiet lanterns');
  for (const displayName of ['Ann Lee', 'Ann Ray']) {
    const profile = { displayName, locale: 'en' };
    await own.call(Principals.updateProfile, { principalId, profile }, admin);
  }
  await own.call(Principals.addLoginName, { principalId, kind: 2, value: 'ann@acme.test' }, admin);
  await own.call(Principals.removeLoginName, { principalId, value: 'ann@acme.test' }, admin);
  return principalId;
}

function without(all: ReadonlySet<string>, some: ReadonlySet<string>): string[] {
  return [...all].filter((id) => !some.has(id));
}

async function start(change: (stores: Stores) => Stores = (stores) => stores): Promise<Stores> {
  const config = testConfig(folder.path);
  stores = change(openLedger(config, () => {}));
  world = await startWorld(config, { ...stores, bootstrap: true });
  return stores;
}

async function stop(): Promise<void> {
  await world?.close();
  await stores?.close();
  world = stores = undefined;
}

const call: World['call'] = (...args) => {
  if (world === undefined) throw new Error('no world');
  return world.call(...args);
};
const status = () => call(Ledger.getStatus, { stateHash: true }, rootKey());

describe('EraseSubject', () => {
  it('leaves no blob that was ever sealed for the principal, and a state that replays', async () => {
    const { vault } = await start();
    const acme = await setUpTenant(world!, 'acme');
    const before = await ids(vault);
    const principalId = await eventful(world!, acme.admin);
    const sealed = without(await ids(vault), before);
    expect(sealed.length).toBe(8);
    const bytes = await Promise.all(sealed.map((id) => vault.get(id)));
    const about = { principalId };
    const erase = () => call(Principals.eraseSubject, about, acme.admin);
    await expect(erase()).rejects.toMatchObject({ code: grpc.FAILED_PRECONDITION });
    const none = await call(Principals.getErasure, about, acme.admin);
    expect(none.erasure?.state).toBe(ErasureState.ERASURE_STATE_NONE);
    await call(Principals.deletePrincipal, about, acme.admin);
    const { erasure } = await erase();
    expect(erasure).toMatchObject({ state: ErasureState.ERASURE_STATE_ERASED, blobs: 8 });
    for (const id of sealed) expect(await vault.get(id)).toBeUndefined();
    expect(without(before, await ids(vault))).toEqual([]);
    expect((await erase()).erasure).toEqual(erasure);

    const got = await call(Principals.getPrincipal, about, acme.admin);
    const profile = { displayName: '', locale: '' };
    expect(got.principal).toMatchObject({ status: 'DELETED', loginNames: [], profile });
    const listed = await call(Principals.listPrincipals, {}, acme.admin);
    expect(listed.principals.map((one) => one.principalId)).toContain(principalId);
    await setUpUser(world!, acme.admin, 'ann', 'ten quiet lanterns');

    const live = await status();
    await stop();
    // Only the vault's own file may still hold sealed bytes, in pages that LMDB has freed.
    const state = readFileSync(
      join(folder.path, 'identity-state', `v${STATE_VERSION}`, 'data.mdb'),
    );
    for (const blob of bytes) expect(state.includes(Buffer.from(blob ?? ''))).toBe(false);
    rmSync(join(folder.path, 'identity-state'), { recursive: true });
    await start();
    expect((await status()).stateHash).toBe(live.stateHash);
  });

  it('is finished by the next start when it was cut short after the record', async () => {
    const acme = await start(killedBeforeErasing).then(() => setUpTenant(world!, 'acme'));
    const principalId = await setUpUser(world!, acme.admin, 'ann', 'seven quiet lanterns');
    await call(Principals.deletePrincipal, { principalId }, acme.admin);
    void call(Principals.eraseSubject, { principalId }, acme.admin).catch(() => undefined);
    const erasure = async () =>
      (await call(Principals.getErasure, { principalId }, acme.admin)).erasure;
    await vi.waitFor(async () => expect((await erasure())?.blobs).toBe(3), 5_000);
    const erasing = { state: ErasureState.ERASURE_STATE_ERASING, goneAtMs: 0n };
    expect(await erasure()).toMatchObject(erasing);
    const live = await status();
    await stop();
    await start();
    expect(await erasure()).toMatchObject(erasing);
    expect((await status()).stateHash).toBe(live.stateHash);
    const erased = ErasureState.ERASURE_STATE_ERASED;
    await vi.waitFor(async () => expect((await erasure())?.state).toBe(erased), 12_000);
  }, 20_000);
});
