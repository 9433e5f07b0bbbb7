import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { projectionId } from '#libs/access/snapshot/view-snapshot.js';

import { stripSource } from '../../architecture/strip-source.js';

const golden = new URL('../../golden/projection.json', import.meta.url);
const folder = new URL('../../../libs/access/projection/', import.meta.url);

interface Projection {
  readonly id: string;
  readonly sources: string;
}

/** What the fold is made of, without comments and blanks. */
function sources(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) {
    const code = stripSource(readFileSync(new URL(name, folder), 'utf8'), 'keep');
    hash.update(`${name}\n${code.replaceAll(/\s+/g, '')}\n`);
  }
  return hash.digest('hex');
}

describe('the projection version', () => {
  it('is thought of by whoever changes the fold', () => {
    const now: Projection = { id: projectionId(), sources: sources() };
    if (process.env['UPDATE_PROJECTION'] === '1') {
      writeFileSync(golden, `${JSON.stringify(now, undefined, 2)}\n`);
    }
    const known = JSON.parse(readFileSync(golden, 'utf8')) as Projection;
    const advice =
      'libs/access/projection changed. If it makes another state of the same records, raise ' +
      'projectionVersion in libs/access/snapshot/view-snapshot.ts: snapshots of older builds are ' +
      'then passed over. Then run this test once with UPDATE_PROJECTION=1.';
    expect({ ...now, advice }).toEqual({ ...known, advice });
  });
});
