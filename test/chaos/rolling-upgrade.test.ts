import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newestLevel } from '#libs/events/feature-levels.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { AuthorizerServiceService as Authorizing } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { LedgerServiceService as Operator } from '#proto/ledgate/operator/v1/ledger.js';
import { describeWithBrokerControl } from '../support/kafka/describe-on-kafka.js';
import { SeededRandom } from '../support/ledger/seeded-random.js';
import { foundTenant } from './administration.js';
import { report } from './effort.js';
import { wrongAnswers } from './holding.js';
import { KafkaCell, type Instance } from './kafka-cell.js';
import { Load } from './load.js';
import { nextBuild, nextEvent, nextLevel, presentBuild } from './next-build.js';

/** How long each state of the upgrade lasts, ms. */
const stageMs = process.env['CHAOS'] === 'long' ? 20_000 : 2_000;
const SAMPLE = 12;

/** Asks an authorizer without a pause whatever is settled, except while it is replaced. */
class Questions {
  readonly wrong: string[] = [];
  asked = 0;
  #running = true;
  #replaced = false;
  #idle = Promise.resolve();
  readonly #done: Promise<void>;

  constructor(load: Load, instance: Instance, admin: string) {
    this.#done = this.#ask(load, instance, admin);
  }

  /** Asks nothing while `change` runs. */
  async without(change: () => Promise<void>): Promise<void> {
    this.#replaced = true;
    await this.#idle;
    await change();
    this.#replaced = false;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #ask(load: Load, { endpoint }: Instance, admin: string): Promise<void> {
    while (this.#running) {
      if (this.#replaced) await sleep(10);
      else {
        const holdings = load.sample(performance.now(), SAMPLE);
        const asking = wrongAnswers(holdings, endpoint, admin, 'token').then((wrong) => {
          this.wrong.push(...wrong);
          this.asked += holdings.length;
        });
        this.#idle = asking;
        await asking;
        await sleep(20);
      }
    }
  }
}

describeWithBrokerControl('two builds side by side', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledgate-builds-'));
  const random = new SeededRandom(Date.now());
  let cell: KafkaCell;
  let next: string;
  beforeEach(async () => {
    next = nextBuild(join(folder, 'next'));
    cell = await KafkaCell.found({}, presentBuild(join(folder, 'present')));
  });
  afterEach(async () => {
    await cell.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function quarantined(instances: readonly Instance[]): Promise<number[]> {
    return Promise.all(
      instances.map(async ({ endpoint }) => {
        const answer = await endpoint.insist(Authorizing.getStatus, {}, cell.root);
        return Number(answer.quarantinedKeys);
      }),
    );
  }

  async function quarantinedByIdentities(): Promise<number[]> {
    const answers = cell.identities.map(({ endpoint }) =>
      endpoint.insist(Ledger.getStatus, {}, cell.root),
    );
    return (await Promise.all(answers)).map((answer) => Number(answer.quarantinedKeys));
  }

  /** Records that hold an event which only the next build knows. */
  async function newRecords(): Promise<number> {
    const log = openKafkaLog({ topic: 'auth.ledger.v1', brokers: cell.broker.direct });
    const end = await log.end();
    let count = 0;
    for await (const { records } of log.tail(0, new AbortController().signal)) {
      count += records.filter(({ value }) => Buffer.from(value ?? []).includes(nextEvent)).length;
      if ((records.at(-1)?.position ?? -1) >= end - 1) break;
    }
    await log.close();
    return count;
  }

  const raise = (instance: Instance | undefined): Promise<unknown> => {
    if (instance === undefined) throw new Error('no instance');
    return instance.endpoint.call(Operator.raiseFeatureLevel, { level: nextLevel }, cell.root);
  };

  it('no wrong answer and nothing quarantined; raised too early, an old reader quarantines', async () => {
    const { root, identities, authorizers } = cell;
    // It stays with the present build to the end: the reader that somebody forgot.
    const forgotten = await cell.openAuthorizer();
    await forgotten.start();
    const admin = await foundTenant(identities[0]!.endpoint, root);
    const endpoints = identities.map(({ endpoint }) => endpoint);
    const load = new Load({ identities: endpoints, admin, lanes: 4, random, thinkMs: 20 });
    const questions = authorizers.map((one) => new Questions(load, one, admin));
    const ofForgotten = new Questions(load, forgotten, admin);
    await sleep(stageMs);

    for (const [i, authorizer] of authorizers.entries()) {
      await questions[i]?.without(async () => authorizer.upgradeTo(next));
      await sleep(stageMs);
    }
    const early = await raise(identities[0]).catch((error: unknown) => error);
    expect(early).toMatchObject({ code: status.INVALID_ARGUMENT });
    for (const identity of identities) {
      await identity.upgradeTo(next);
      await sleep(stageMs);
    }
    const { level, newest } = await endpoints[1]!.insist(Operator.getFeatureLevel, {}, root);
    expect({ level, newest }).toEqual({ level: newestLevel, newest: nextLevel });
    expect(await newRecords()).toBe(0);
    expect(await quarantined([...authorizers, forgotten])).toEqual([0, 0, 0]);
    await ofForgotten.stop();
    expect(ofForgotten.wrong).toEqual([]);
    expect(ofForgotten.asked).toBeGreaterThan(0);
    expect(forgotten.process.alarms).not.toContain('newer-level');

    await raise(identities[0]);
    await sleep(stageMs);
    await load.stop();
    await Promise.all(questions.map((one) => one.stop()));
    const annotated = await newRecords();
    const ofReaders = await quarantined(authorizers);
    const [tooOld = 0] = await quarantined([forgotten]);
    report('rolling upgrade', {
      commands: load.acknowledged.length,
      questions: questions.reduce((sum, { asked }) => sum + asked, 0),
      wrong: questions.reduce((sum, { wrong }) => sum + wrong.length, 0),
      quarantined: ofReaders.reduce((sum, keys) => sum + keys, 0),
      ofTheNextLevel: annotated,
      quarantinedByForgotten: tooOld,
    });
    expect(load.surprises).toEqual([]);
    expect(questions.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(ofReaders).toEqual([0, 0]);
    expect(await quarantinedByIdentities()).toEqual([0, 0]);
    expect(annotated).toBeGreaterThan(0);
    // What the order of the upgrade is for.
    expect(tooOld).toBeGreaterThan(0);
    expect(forgotten.process.alarms).toContain('newer-level');
    // Upgraded late, it makes good what it could not read, whatever it has kept.
    await forgotten.upgradeTo(next);
    expect(await quarantined([forgotten])).toEqual([0]);
    const known = load.sample(performance.now(), SAMPLE);
    expect(await wrongAnswers(known, forgotten.endpoint, admin, 'token')).toEqual([]);
  });
});
