import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import type { Vault, VaultEntry } from '#libs/ledger/vault.js';

/** A fresh vault of one test, and the ways a test may look at it from elsewhere. */
export interface VaultUnderTest {
  readonly vault: Vault;
  /** A second instance on the same blobs. */
  openAnother(): Promise<Vault>;
  /** Closes `vault`, loses all local caches, and opens it again. */
  restart(): Promise<Vault>;
  close(): Promise<void>;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function listed(vault: Vault): Promise<VaultEntry[]> {
  const entries: VaultEntry[] = [];
  for await (const entry of vault.list()) entries.push(entry);
  return entries;
}

async function hexOf(vault: Vault, id: string): Promise<string | undefined> {
  const blob = await vault.get(id);
  return blob && hex(blob);
}

/** The promises of `Vault`, checked on a fresh vault for each test. */
export function vaultContract(name: string, makeVault: () => Promise<VaultUnderTest>): void {
  describe(`Vault: ${name}`, () => {
    let made: VaultUnderTest;
    let vault: Vault;
    beforeEach(async () => {
      made = await makeVault();
      vault = made.vault;
    });
    afterEach(() => made.close());

    it('V1 a blob comes back byte-identical, also the empty one and a large one', async () => {
      for (const blob of [randomBytes(300), new Uint8Array(0), randomBytes(200_000)]) {
        const id = randomUUID();
        await vault.put(id, blob);
        expect(await hexOf(vault, id)).toBe(hex(blob));
      }
    });

    it('V1 a blob is there after a restart', async () => {
      const [id, blob] = [randomUUID(), randomBytes(64)];
      await vault.put(id, blob);
      expect(await hexOf(await made.restart(), id)).toBe(hex(blob));
    });

    it('V1 many blobs put at once are all there', async () => {
      const blobs = Array.from({ length: 100 }, () => [randomUUID(), randomBytes(100)] as const);
      await Promise.all(blobs.map(([id, blob]) => vault.put(id, blob)));
      for (const [id, blob] of blobs) expect(await hexOf(vault, id)).toBe(hex(blob));
    });

    it('V2 an id that was never put, or was erased, is undefined', async () => {
      const id = randomUUID();
      expect(await vault.get(id)).toBeUndefined();
      await vault.put(id, randomBytes(10));
      await vault.erase(id);
      expect(await vault.get(id)).toBeUndefined();
    });

    it('V3 a second put is refused and the first blob stays, also on another instance', async () => {
      const [id, blob] = [randomUUID(), randomBytes(20)];
      const other = await made.openAnother();
      await vault.put(id, blob);
      for (const instance of [vault, other]) {
        const refused = await instance.put(id, randomBytes(20)).catch((error: unknown) => error);
        expect(refused).toBeInstanceOf(Failure);
        expect((refused as Failure).reason).toBe('ALREADY_EXISTS');
      }
      expect(await hexOf(vault, id)).toBe(hex(blob));
      expect(await hexOf(await made.restart(), id)).toBe(hex(blob));
    });

    it('V3 of two puts at once under one id exactly one wins, everywhere', async () => {
      const id = randomUUID();
      const other = await made.openAnother();
      const blobs = [randomBytes(20), randomBytes(20)] as const;
      const results = await Promise.allSettled([vault.put(id, blobs[0]), other.put(id, blobs[1])]);
      const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
      expect(winners).toHaveLength(1);
      const winner = blobs[winners[0] as 0 | 1];
      expect(await hexOf(vault, id)).toBe(hex(winner));
      expect(await hexOf(other, id)).toBe(hex(winner));
      expect(await hexOf(await made.restart(), id)).toBe(hex(winner));
    });

    it('V4 an erased id stays erased after a restart and cannot be put again', async () => {
      const id = randomUUID();
      await vault.put(id, randomBytes(10));
      await vault.erase(id);
      const again = await made.restart();
      expect(await again.get(id)).toBeUndefined();
      await expect(again.put(id, randomBytes(10))).rejects.toMatchObject({
        reason: 'ALREADY_EXISTS',
      });
      expect(await again.get(id)).toBeUndefined();
    });

    it('V4 erasing twice, or what was never put, is done without an error', async () => {
      const id = randomUUID();
      await vault.erase(id);
      await vault.erase(id);
      expect(await vault.get(id)).toBeUndefined();
    });

    it('V5 what one instance has put, another gets in time', async () => {
      const other = await made.openAnother();
      for (let i = 0; i < 10; i += 1) {
        const [id, blob] = [randomUUID(), randomBytes(30)];
        await vault.put(id, blob);
        expect(await hexOf(other, id)).toBe(hex(blob));
      }
    });

    it('V7 a list has what is there and not what was erased, once, in order, from everywhere', async () => {
      expect(await listed(vault)).toEqual([]);
      const other = await made.openAnother();
      const all = Array.from({ length: 40 }, () => randomUUID());
      await Promise.all(all.map((id, i) => (i % 2 ? vault : other).put(id, randomBytes(i))));
      const erased = all.filter((_, i) => i % 7 === 0);
      await Promise.all(erased.map((id) => vault.erase(id)));
      const expected = all.filter((id) => !erased.includes(id)).toSorted();
      const ids = async (of: Vault): Promise<string[]> => (await listed(of)).map(({ id }) => id);
      expect(await ids(vault)).toEqual(expected);
      expect(await ids(other)).toEqual(expected);
      expect(await ids(await made.restart())).toEqual(expected);
    });

    it('V7 the time of a blob is when it was first put, also after a second try and a restart', async () => {
      const before = Date.now();
      const id = randomUUID();
      await vault.put(id, randomBytes(8));
      const after = Date.now();
      const [first] = await listed(vault);
      expect(first?.id).toBe(id);
      expect(first?.putAtMs).toBeGreaterThanOrEqual(before - 1);
      expect(first?.putAtMs).toBeLessThanOrEqual(after + 1);
      await vault.put(id, randomBytes(8)).catch(() => undefined);
      expect(await listed(await made.restart())).toEqual([first]);
    });

    it('V8 the time of an erasure is the same everywhere, after a repeat and a restart', async () => {
      const [id, before] = [randomUUID(), Date.now()];
      await vault.put(id, randomBytes(30));
      expect(await vault.erasedAt(id)).toBeUndefined();
      await vault.erase(id);
      const erasedAtMs = (await vault.erasedAt(id)) ?? 0;
      expect(erasedAtMs).toBeGreaterThanOrEqual(before - 1);
      expect(erasedAtMs).toBeLessThanOrEqual(Date.now() + 1);
      const other = await made.openAnother();
      await other.erase(id);
      expect(await other.erasedAt(id)).toBe(erasedAtMs);
      expect(await (await made.restart()).erasedAt(id)).toBe(erasedAtMs);
      expect(await other.erasedAt(randomUUID())).toBe(0);
    });

    it('V5 what one instance has erased is gone for another', async () => {
      const other = await made.openAnother();
      const id = randomUUID();
      await vault.put(id, randomBytes(30));
      await other.get(id);
      await vault.erase(id);
      await expect.poll(() => other.get(id), { timeout: 2_000 }).toBeUndefined();
    });
  });
}
