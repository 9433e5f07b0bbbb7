import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileCheckpoint } from '#libs/subscriber/file-checkpoint.js';
import { mark } from './scripted-source.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgate-checkpoint-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a checkpoint file', () => {
  it('holds the last mark of each stream, and leaves nothing beside it', async () => {
    const path = join(folder, 'marks.json');
    const checkpoint = fileCheckpoint(path);
    expect(await checkpoint.load('a')).toBeUndefined();
    await Promise.all([
      checkpoint.save('a', mark(1)),
      checkpoint.save('b', { ...mark(7), offset: '12' }),
      checkpoint.save('a', mark(2, 3)),
    ]);
    const again = fileCheckpoint(path);
    expect(await again.load('a')).toEqual(mark(2, 3));
    expect(await again.load('b')).toEqual({ ...mark(7), offset: '12' });
    expect(readdirSync(folder)).toEqual(['marks.json']);
  });

  it.each(['', '{"a":', '{"a":{"ledger":"x","epoch":1,"position":"1","index":0}}', '[1]'])(
    'that holds %j is not taken for an empty one',
    async (text) => {
      const path = join(folder, 'marks.json');
      writeFileSync(path, text);
      await expect(fileCheckpoint(path).load('a')).rejects.toMatchObject({ kind: 'CHECKPOINT' });
    },
  );

  it('that cannot be written is an error', async () => {
    const checkpoint = fileCheckpoint(join(folder, 'missing', 'marks.json'));
    await expect(checkpoint.save('a', mark(1))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
