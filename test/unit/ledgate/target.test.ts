import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveTarget } from '#services/ledgate/cli/target.js';

const data = mkdtempSync(join(tmpdir(), 'ledgate-target-'));
const profile = { identity: 'profile:1', authorizer: 'profile:2', credential: 'from profile' };

beforeAll(() => writeFileSync(join(data, 'ledgate.json'), JSON.stringify(profile)));
afterAll(() => rmSync(data, { recursive: true, force: true }));

describe('where a command goes, and as whom', () => {
  it('is said by the profile in the data folder', () => {
    expect(resolveTarget({ data }, {})).toMatchObject(profile);
  });

  it('is said by the environment before the profile, and by flags before both', () => {
    const env = { LEDGATE_CREDENTIAL: 'from env', LEDGATE_IDENTITY_URL: 'env:1' };
    expect(resolveTarget({ data, credential: 'from flag' }, env)).toMatchObject({
      identity: 'env:1',
      authorizer: 'profile:2',
      credential: 'from flag',
    });
  });

  it('is this machine, as nobody, when nothing says more', () => {
    expect(resolveTarget({ data: join(data, 'nothing') }, {})).toEqual({
      identity: '127.0.0.1:7401',
      authorizer: '127.0.0.1:7402',
      credential: undefined,
      tenant: undefined,
      ca: undefined,
      cert: undefined,
      key: undefined,
    });
  });

  it.each(['{', '[]', '{"tenant":1}'])('refuses a profile that reads %s', (text) => {
    const folder = mkdtempSync(join(data, 'broken-'));
    writeFileSync(join(folder, 'ledgate.json'), text);
    expect(() => resolveTarget({ data: folder }, {})).toThrow('is no profile');
  });
});
