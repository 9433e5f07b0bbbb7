import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#libs/runtime/clock.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { Argon2Hasher } from '#services/identity/adapters/argon2-hasher.js';
import { refusal } from '../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../support/identity/running-identity.js';
import { setUpTenant, setUpUser } from '../support/identity/tenant-setup.js';
import { compareSamples, surprising } from '../support/identity/two-samples.js';
import { SeededRandom } from '../support/ledger/seeded-random.js';
import { median, report } from './effort.js';

/** Guesses at each kind of account; `CHAOS=long` sees differences that are smaller by far. */
const guesses = process.env['CHAOS'] === 'long' ? 2_000 : 120;
/** Few enough at each account that it is not throttled: all of them are compared. */
const perAccount = 8;

const folder = temporaryFolder();
const random = new SeededRandom(20_261_124);
let world: World;
let known: string[];

beforeAll(async () => {
  world = await startWorld(testConfig(folder.path));
  const { admin } = await setUpTenant(world, 'acme');
  known = Array.from({ length: Math.ceil(guesses / perAccount) }, (_, at) => `user-${at}`);
  for (const name of known) await setUpUser(world, admin, name, 'seven slow harbours');
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

interface Samples {
  readonly known: number[];
  readonly unknown: number[];
}

/** One after the other, in an order of chance: what else the machine does meets both alike. */
async function measure(
  count: number,
  guess: (kind: keyof Samples, at: number) => Promise<unknown>,
): Promise<Samples> {
  const samples: Samples = { known: [], unknown: [] };
  for (let at = 0; at < count; at += 1) {
    const order = random.chance(0.5) ? ['known', 'unknown'] : ['unknown', 'known'];
    for (const kind of order as (keyof Samples)[]) {
      const startMs = systemClock.monotonicMs();
      await guess(kind, at);
      samples[kind].push(systemClock.monotonicMs() - startMs);
    }
  }
  return samples;
}

function tell(title: string, samples: Samples): ReturnType<typeof compareSamples> {
  const difference = compareSamples(samples.known, samples.unknown);
  report(title, {
    samples: samples.known.length,
    'known, median us': median(samples.known) * 1000,
    'unknown, median us': median(samples.unknown) * 1000,
    'z, thousandths': difference.z * 1000,
    'KS, thousandths': difference.ks * 1000,
  });
  return difference;
}

describe('how long a refused log-in takes (ASVS 6.3.8)', () => {
  it('does not tell whether there is such an account', async () => {
    const warmUp = (kind: keyof Samples) => guess(kind, 0);
    await measure(5, warmUp);
    const samples = await measure(guesses, guess);
    const difference = tell('timing of log-ins', samples);
    expect(difference.z).toBeLessThan(surprising.z);
    expect(difference.ks).toBeLessThan(surprising.ks);
  });

  function guess(kind: keyof Samples, at: number): Promise<unknown> {
    const name = kind === 'known' ? known[at % known.length] : `nobody-${at % known.length}`;
    const request = { tenant: 'acme', loginName: name ?? '', password: 'a guess at a password' };
    return refusal(world.call(Logins.startLogin, request));
  }

  it('would tell if the work were left out where there is nothing to compare with', async () => {
    const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
    const hasher = new Argon2Hasher({ clock: systemClock, parallel: 1, cost });
    const stored = await hasher.hash('seven slow harbours');
    await hasher.dummyHash();
    const honest = await measure(40, (kind) =>
      hasher.verify(kind === 'known' ? stored : undefined, 'a guess at a password'),
    );
    const same = tell('timing of hashes', honest);
    expect(same.z).toBeLessThan(surprising.z);
    expect(same.ks).toBeLessThan(surprising.ks);
    const careless = await measure(40, async (kind) =>
      kind === 'known' ? hasher.verify(stored, 'a guess at a password') : false,
    );
    const other = tell('timing of hashes, dummy left out', careless);
    expect(other.z).toBeGreaterThan(surprising.z);
    expect(other.ks).toBeGreaterThan(surprising.ks);
  });
});
