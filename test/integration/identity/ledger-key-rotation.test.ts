import { afterAll, expect, it } from 'vitest';
import { Secret } from '#libs/runtime/secret.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
} from '../../support/identity/running-identity.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const [first, second] = ['1:' + '7c3d'.repeat(15) + 'c2d3', '2:' + '5e1f'.repeat(15) + 'a0b1'];
const masterKey = new Secret('9b2e'.repeat(15) + 'd4c5');
const withKeys = (text: string) =>
  startWorld(testConfig(folder.path, { masterKey, ledgerKey: new Secret(text) }));

it('a second ledger key takes over at a restart; then nothing is read without it, or by it alone', async () => {
  const founded = await withKeys(first);
  await founded.close();
  const root = readFileSync(join(folder.path, 'bootstrap-api-key'), 'utf8').trim();
  const create = async (name: string) => {
    const world = await withKeys(`${first},${second}`);
    try {
      return await world.call(Groups.createGroup, { name }, root);
    } finally {
      await world.close();
    }
  };
  const one = await create('under-the-new-key');
  const two = await create('after-another-restart');
  // The KEY record stands before the first; the second start announces nothing.
  expect(Number(two.result?.position)).toBe(Number(one.result?.position) + 1);
  await expect(withKeys(first)).rejects.toMatchObject({ reason: 'NEEDS_NEWER_BUILD' });
  await expect(withKeys(second)).rejects.toMatchObject({ reason: 'NEEDS_NEWER_BUILD' });
}, 60_000);
