import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { describeWithBrokerControl } from '../support/kafka/describe-on-kafka.js';
import { SeededRandom } from '../support/ledger/seeded-random.js';
import {
  foundTenant,
  standingOfAuthorizer,
  standingOfIdentity,
  type Standing,
} from './administration.js';
import { audit } from './audit.js';
import { median, report, rounds } from './effort.js';
import { wrongAnswers } from './holding.js';
import { KafkaCell, type Instance } from './kafka-cell.js';
import { Load } from './load.js';

const KILLS = 42;
const SAMPLE = 40;

describeWithBrokerControl('identities, authorizers and broker, killed -9 at any moment', () => {
  let cell: KafkaCell;
  const random = new SeededRandom(Date.now());
  let brokerKills = 0;
  let strikes = 0;
  let pauses = 0;
  beforeEach(async () => {
    brokerKills = 0;
    pauses = 0;
    cell = await KafkaCell.found();
  });
  afterEach(() => cell.close());

  const everyone = (): Instance[] => [...cell.identities, ...cell.authorizers];
  const kills = (): number => everyone().reduce((sum, one) => sum + one.process.kills, brokerKills);

  const oneOf = (some: readonly Instance[]): Instance[] =>
    some.slice(random.below(some.length)).slice(0, 1);

  /** Who dies next: every sixth time the broker too, the others as chance will have it. */
  function victims(): { readonly instances: Instance[]; readonly broker: boolean } {
    strikes += 1;
    const broker = strikes % 6 === 3;
    const draw = random.next();
    if (draw < 0.35) return { instances: oneOf(cell.identities), broker };
    if (draw < 0.65) return { instances: oneOf(cell.authorizers), broker };
    return { instances: draw < 0.8 ? cell.identities : everyone(), broker };
  }

  /** Kills and starts again; resolves with the authorizers that were started. */
  async function strike(): Promise<Instance[]> {
    await sleep(random.between(100, 900));
    const { instances, broker } = victims();
    await Promise.all(instances.map((instance) => instance.process.kill()));
    if (broker) await killBroker();
    // After a power cut everything starts at once: services must wait for their broker.
    const starts = instances.map((instance) => instance.start());
    await Promise.all(broker ? [...starts, cell.broker.control.restart()] : starts);
    return instances.filter((instance) => cell.authorizers.includes(instance));
  }

  /** Stands still for longer than a read-back may take, while the other one goes on, and comes back. */
  async function pauseOne(): Promise<void> {
    const [instance] = oneOf(everyone());
    instance?.process.pause();
    pauses += 1;
    await sleep(random.between(500, 3_500));
    instance?.process.resume();
  }

  async function killBroker(): Promise<void> {
    await sleep(random.between(0, 50));
    await cell.broker.control.kill9();
    brokerKills += 1;
  }

  async function standings(
    identities: readonly Instance[],
    authorizers: readonly Instance[],
  ): Promise<{ ofIdentities: Standing[]; ofAuthorizers: Standing[] }> {
    const { root } = cell;
    const ofIdentities = identities.map(({ endpoint }) => standingOfIdentity(endpoint, root));
    const ofAuthorizers = authorizers.map(({ endpoint }) => standingOfAuthorizer(endpoint, root));
    return {
      ofIdentities: await Promise.all(ofIdentities),
      ofAuthorizers: await Promise.all(ofAuthorizers),
    };
  }

  /** All four, once all have read the log to its end. */
  async function settled(end: number): Promise<Awaited<ReturnType<typeof standings>>> {
    for (let attempt = 0; ; attempt += 1) {
      const found = await standings(cell.identities, cell.authorizers);
      const all = [...found.ofIdentities, ...found.ofAuthorizers];
      if (attempt > 100 || all.every(({ position }) => position === end - 1)) return found;
      await sleep(100);
    }
  }

  /** What an identity and an authorizer say that begin with nothing. */
  async function afterReplay(): Promise<Awaited<ReturnType<typeof standings>>> {
    const identity = await cell.openIdentity();
    const authorizer = await cell.openAuthorizer();
    await Promise.all([identity.start(), authorizer.start()]);
    return standings([identity], [authorizer]);
  }

  /** One disaster, and what all authorizers say after it. */
  async function disaster(load: Load, admin: string): Promise<string[]> {
    if (random.chance(0.2)) await pauseOne();
    const wrong: string[] = [];
    const known = load.sample(performance.now(), SAMPLE);
    for (const { endpoint } of await strike()) {
      wrong.push(...(await wrongAnswers(known, endpoint, admin, 'now')));
    }
    const newest = load.sample(performance.now(), SAMPLE);
    for (const { endpoint } of cell.authorizers) {
      wrong.push(...(await wrongAnswers(newest, endpoint, admin, 'token')));
      wrong.push(...(await wrongAnswers(newest.slice(-2), endpoint, admin, 'everything')));
    }
    return wrong;
  }

  it.each(rounds)('nothing is lost or doubled, revoked stays revoked (%i)', async () => {
    const { root, identities, authorizers, broker, ledgerKey } = cell;
    const admin = await foundTenant(identities[0]!.endpoint, root);
    const endpoints = identities.map(({ endpoint }) => endpoint);
    const load = new Load({ identities: endpoints, admin, lanes: 8, random, thinkMs: 15 });
    const wrong: string[] = [];
    while (kills() < KILLS) wrong.push(...(await disaster(load, admin)));
    await load.stop();

    const log = openKafkaLog({ brokers: broker.direct, topic: 'auth.ledger.v1' });
    const live = await settled(await log.end());
    for (const { endpoint } of authorizers) {
      wrong.push(...(await wrongAnswers(load.holdings, endpoint, admin, 'now')));
    }
    const replayed = await afterReplay();
    const found = await audit(log, ledgerKey, load);
    await log.close();
    const { holdings, unanswered, lostSecrets, held } = load;
    const revoked = holdings.filter((holding) => holding.revoked).length;
    const startMs = median(everyone().flatMap(({ process }) => process.startsMs));
    const counts = { unanswered, replayed: load.replayed, held, lostSecrets, revoked };
    report('Kafka', { kills: kills(), brokerKills, pauses, startMs, ...found, ...counts });
    expect(everyone().flatMap(({ process }) => process.faults)).toEqual([]);
    expect(load.surprises).toEqual([]);
    expect(wrong).toEqual([]);
    expect(found).toMatchObject({ lost: 0, doubled: 0, namesTwice: 0 });
    const [identity] = replayed.ofIdentities;
    const [authorizer] = replayed.ofAuthorizers;
    expect(live.ofIdentities).toEqual([identity, identity]);
    expect(live.ofAuthorizers).toEqual([authorizer, authorizer]);
    expect(authorizer).toMatchObject({ accepted: found.accepted, void: found.void });
    expect(brokerKills).toBeGreaterThan(0);
    expect(found.acknowledged).toBeGreaterThan(10 * KILLS);
    expect(revoked).toBeGreaterThan(KILLS);
    expect(unanswered, 'kills that callers felt').toBeGreaterThan(KILLS / 2);
    expect(load.replayed, 'answers that a kill took away').toBeGreaterThan(0);
  });
});
