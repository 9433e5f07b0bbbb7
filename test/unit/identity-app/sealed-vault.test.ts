import { describe, expect, it } from 'vitest';
import type { VaultRef } from '#libs/events/catalogue.js';
import { systemClock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { MasterKeys } from '#libs/runtime/master-keys.js';
import { BlindIndexes } from '#services/identity/adapters/blind-indexes.js';
import { SealedVault } from '#services/identity/adapters/sealed-vault.js';
import type { CanonicalLoginName } from '#services/identity/ports/login-name-index.js';
import type { SealContext } from '#services/identity/ports/secret-store.js';
import { MemoryVault } from './memory-vault.js';

const masterKeys = (first: number) =>
  new MasterKeys(new Map([[1, Uint8Array.from({ length: 32 }, (_, at) => first + at)]]));
const ids = createIds(systemClock, systemRandom);
const place: SealContext = { class: 'PROFILE', tenant: 't1', principal: 'p1' };
const text = Buffer.from('Margarethe of 12 Harbour Street', 'utf8');

function makeVault() {
  const blobs = new MemoryVault();
  return { blobs, sealed: new SealedVault(blobs, masterKeys(7), ids) };
}

describe('sealed vault', () => {
  it('opens what it sealed, and keeps nothing readable', async () => {
    const { blobs, sealed } = makeVault();
    const ref = await sealed.seal(text, place);
    expect(Buffer.from((await sealed.open(ref, place)) ?? []).toString()).toBe(text.toString());
    expect(Buffer.from(blobs.blobs.get(ref.id) ?? []).includes('Margarethe')).toBe(false);
  });

  it('gives each blob a random id and nonce', async () => {
    const { blobs, sealed } = makeVault();
    const refs = [await sealed.seal(text, place), await sealed.seal(text, place)];
    expect(refs[0]?.id).not.toBe(refs[1]?.id);
    expect(refs[0]?.sha256).not.toBe(refs[1]?.sha256);
    expect(blobs.blobs.size).toBe(2);
  });

  it.each([
    ['class', { ...place, class: 'SECRET' as const }],
    ['tenant', { ...place, tenant: 't2' }],
    ['principal', { ...place, principal: 'p2' }],
    ['shifted context', { ...place, tenant: 't1p', principal: '1' }],
  ])('does not open under another %s', async (_, elsewhere) => {
    const { sealed } = makeVault();
    const ref = await sealed.seal(text, place);
    await expect(sealed.open(ref, elsewhere)).rejects.toMatchObject({ reason: 'INTERNAL' });
  });

  it('does not open a blob moved to another id', async () => {
    const { blobs, sealed } = makeVault();
    const ref = await sealed.seal(text, place);
    const blob = blobs.blobs.get(ref.id);
    await blobs.put('elsewhere', blob ?? new Uint8Array());
    await expect(sealed.open({ ...ref, id: 'elsewhere' }, place)).rejects.toMatchObject({
      reason: 'INTERNAL',
    });
  });

  it('refuses every flipped bit by the recorded hash', async () => {
    const { blobs, sealed } = makeVault();
    const ref = await sealed.seal(text, place);
    const blob = blobs.blobs.get(ref.id) ?? new Uint8Array();
    for (let bit = 0; bit < blob.length * 8; bit += 5) {
      const bent = Uint8Array.from(blob);
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      blobs.blobs.set(ref.id, bent);
      await expect(sealed.open(ref, place)).rejects.toMatchObject({ reason: 'INTERNAL' });
    }
  });

  it('does not open under another master key', async () => {
    const { blobs, sealed } = makeVault();
    const ref = await sealed.seal(text, place);
    const other = new SealedVault(blobs, masterKeys(8), ids);
    await expect(other.open(ref, place)).rejects.toMatchObject({ reason: 'INTERNAL' });
  });

  it('has nothing once erased', async () => {
    const { sealed } = makeVault();
    const ref = await sealed.sealJson({ displayName: 'M' }, place);
    expect(await sealed.openJson(ref, place)).toEqual({ displayName: 'M' });
    await sealed.erase(ref);
    expect(await sealed.openJson(ref, place)).toBeUndefined();
  });
});

const name = (canonical: string): CanonicalLoginName => ({ kind: 'USERNAME', canonical });

describe('blind indexes', () => {
  it('are equal for equal names of a tenant, also after a restart, and differ between tenants', async () => {
    const { sealed } = makeVault();
    const keys = new Map<string, VaultRef>();
    const indexes = new BlindIndexes(sealed, (tenant) => keys.get(tenant));
    keys.set('t1', await indexes.createKey('t1'));
    keys.set('t2', await indexes.createKey('t2'));
    const ann = await indexes.indexOf('t1', name('ann'));
    expect(await indexes.indexOf('t1', name('ann'))).toBe(ann);
    expect(await indexes.indexOf('t2', name('ann'))).not.toBe(ann);
    const restarted = new BlindIndexes(sealed, (tenant) => keys.get(tenant));
    expect(await restarted.indexOf('t1', name('ann'))).toBe(ann);
  });

  it('separate kinds, and know no unknown tenant', async () => {
    const { sealed } = makeVault();
    const indexes = new BlindIndexes(sealed, () => undefined);
    await indexes.createKey('t1');
    const asName = await indexes.indexOf('t1', { kind: 'USERNAME', canonical: 'a' });
    expect(await indexes.indexOf('t1', { kind: 'EMAIL', canonical: 'a' })).not.toBe(asName);
    await expect(indexes.indexOf('t9', { kind: 'USERNAME', canonical: 'a' })).rejects.toMatchObject(
      { reason: 'NOT_FOUND' },
    );
  });
});
