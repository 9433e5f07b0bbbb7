import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import { adminPassword, setUpTenant } from '../../support/identity/tenant-setup.js';

const folder = temporaryFolder();
let world: World;

beforeAll(async () => {
  const guessesPerAccount = { burst: 5, perMinute: 1 };
  world = await startWorld(testConfig(folder.path, { guessesPerAccount }));
  await setUpTenant(world, 'acme');
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

const logIn = (loginName: string, password: string) =>
  world.call(Tokens.login, { tenant: 'acme', loginName, password });

/** More log-ins at once than two seconds of hashing can hold. */
function flood(): Promise<readonly number[]> {
  const one = async (at: number): Promise<number> =>
    (await refusal(logIn(`stranger-${at}`, 'nine brass umbrellas'))).code;
  return Promise.all(Array.from({ length: 600 }, (_, at) => one(at)));
}

describe('a flood of log-ins that fills the queue of hashes', () => {
  it('keeps nobody out who has logged in from there before', async () => {
    const codes = flood();
    const known = await Promise.all(
      Array.from({ length: 5 }, () =>
        logIn('admin', adminPassword).then(({ accessToken }) => accessToken),
      ),
    ).catch((error: unknown) => error);
    expect(known).toHaveLength(5);
    expect(new Set(await codes)).toEqual(
      new Set([status.UNAUTHENTICATED, status.RESOURCE_EXHAUSTED]),
    );
  });
});
