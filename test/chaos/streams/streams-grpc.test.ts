import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import { LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import { SeededRandom } from '../../support/ledger/seeded-random.js';
import { freePorts } from '../../support/net/free-ports.js';
import { report } from '../effort.js';
import { noBrakes, ServiceProcess } from '../service-process.js';
import { EffectsStore } from './effects-store.js';
import { RunningProgram } from './running-program.js';
import { seedEvents, seededTenant } from './seed-events.js';
import { streamEffort } from './stream-effort.js';
import type { SubscriberProgramOptions } from './subscriber-options.js';

const quietMs = 1_000;

describe('a gRPC stream whose both ends are killed at any moment', () => {
  const random = new SeededRandom(20_261_124);
  let data: string;
  let identity: ServiceProcess;
  let address: string;
  let credential: string;
  let expected: readonly string[];

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'ledgate-streams-'));
    address = `127.0.0.1:${(await freePorts(1))[0]}`;
    const env = {
      LEDGATE_IDENTITY_ADDR: address,
      LEDGATE_LOG_LEVEL: 'info',
      LEDGATE_ISSUER: 'https://ledgate.test',
      LEDGATE_AUDIENCE: 'https://api.ledgate.test',
      ...noBrakes,
    };
    const args = ['--data', data, 'up', 'identity'];
    identity = new ServiceProcess({ args, env, serves: 'identity serves' });
    await identity.start();
    credential = readFileSync(join(data, 'bootstrap-api-key'), 'utf8').trim();
    await identity.remove();
    expected = await seedLedger(data, streamEffort.events);
    await identity.start();
  });
  afterAll(async () => {
    await identity.remove();
    rmSync(data, { recursive: true, force: true });
  });

  function subscriber(checkpoint: 'own' | 'apart'): RunningProgram {
    const source = { kind: 'grpc', address, credential, tenant: seededTenant } as const;
    const options: SubscriberProgramOptions = {
      folder: join(data, checkpoint),
      checkpoint,
      source,
    };
    return new RunningProgram('subscriber-program.ts', options);
  }

  /** Kills one or the other, until all was handled and enough was killed. */
  async function killUntilDone(program: RunningProgram, kills: number): Promise<void> {
    await program.start();
    while (program.kills + identity.kills < kills) {
      await sleep(random.between(20, streamEffort.longestLifeMs));
      const both = random.chance(0.1);
      if (both || random.chance(0.25)) {
        await identity.kill();
        if (both) await program.kill();
        await identity.start();
        if (both) await program.start();
      } else {
        await program.kill();
        await program.start();
      }
    }
    const { length } = expected;
    await expect.poll(() => program.count, { timeout: 600_000 }).toBeGreaterThanOrEqual(length);
    // Repeats count too: it is at the end once no more come.
    for (let count = 0; count !== program.count;) {
      count = program.count;
      await sleep(quietMs);
    }
    await program.remove();
  }

  async function handledOf(checkpoint: string): Promise<string[]> {
    const store = new EffectsStore(join(data, checkpoint));
    const { handled } = store;
    await store.close();
    return handled;
  }

  it('hands over each event once and in order, with the checkpoint in the transaction', async () => {
    const program = subscriber('own');
    const startedAtMs = performance.now();
    await killUntilDone(program, streamEffort.kills);
    const handled = await handledOf('own');
    report('streams by gRPC', {
      events: expected.length,
      killsOfSubscriber: program.kills,
      killsOfIdentity: identity.kills,
      missing: expected.length - new Set(handled).size,
      doubled: handled.length - new Set(handled).size,
      seconds: (performance.now() - startedAtMs) / 1000,
    });
    expect(program.complaints).toEqual([]);
    expect(handled.length).toBe(expected.length);
    expect(handled).toEqual(expected);
  });

  it('hands some over twice where the checkpoint is kept apart: the kills do bite', async () => {
    const program = subscriber('apart');
    await killUntilDone(program, identity.kills + streamEffort.killsApart);
    const handled = await handledOf('apart');
    expect(new Set(handled).size).toBe(expected.length);
    expect(handled.length).toBeGreaterThan(expected.length);
  });
});

/** Writes events behind what identity founded; resolves with their ids. */
async function seedLedger(data: string, count: number): Promise<string[]> {
  const secret = Buffer.from(readFileSync(join(data, 'keys', 'ledger.key'), 'utf8').trim(), 'hex');
  const log = openEmbeddedLog({ path: join(data, 'ledger'), name: 'auth.ledger.v1' });
  const ids = await seedEvents(await LedgerSeed.resume(log, secret), count);
  await log.close();
  return ids;
}
