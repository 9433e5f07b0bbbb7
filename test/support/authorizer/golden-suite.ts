import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventLog } from '#libs/ledger/event-log.js';
import { readWorld, type Step, type World, type WorldAsk } from '../../golden/decision-world.js';
import { GoldenDriver } from './golden-driver.js';

const folder = new URL('../../golden/decisions/', import.meta.url);

/** Access tokens name no OAuth client yet: what a world says about clients cannot be asked here. */
const ofNoClient = (world: World): ((step: Step) => boolean) => {
  const clients = new Set(
    world.steps.flatMap((step) =>
      step.kind === 'token' && step.token.client !== '' ? [step.token.name] : [],
    ),
  );
  return (step) =>
    step.kind !== 'ask' || !('token' in step.ask.who) || !clients.has(step.ask.who.token);
};

/** A request that leaves out what it asks is refused before anything is decided (`bad-input.test.ts`). */
function isWhole({ action, who }: WorldAsk): boolean {
  return action !== '' && !('subject' in who && who.subject === '');
}

/** The golden worlds through a running authorizer over a log of some kind. */
export function goldenSuite(
  name: string,
  makeLog: (topicPrefix: string) => Promise<EventLog>,
  newPrefix = (): string => 'auth',
): void {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  describe.each(files)(`${name}: %s`, (file) => {
    const world = readWorld(new URL(file, folder));
    const askable = ofNoClient(world);
    let driver: GoldenDriver;
    let done = 0;

    beforeAll(async () => {
      const topicPrefix = newPrefix();
      driver = await GoldenDriver.start(await makeLog(topicPrefix), topicPrefix);
    });
    afterAll(async () => driver.close());

    /** What happened before the question; questions are asked in the order of the file. */
    async function catchUp(index: number): Promise<void> {
      for (; done < index; done++) {
        const step = world.steps[done]!;
        if (step.kind !== 'ask') await driver.apply(step);
      }
    }

    const asks = world.steps.flatMap((step, index) =>
      step.kind === 'ask' && askable(step) && isWhole(step.ask)
        ? [{ index, tenant: step.tenant, ask: step.ask }]
        : [],
    );
    const titled = asks.map((one) => {
      const { who, action, resource, at, expect: reason } = one.ask;
      const asked = `${JSON.stringify(who)} ${action} on "${resource}" at ${at}`;
      return { ...one, title: `${one.index}: ${asked} → ${reason}` };
    });
    it.each(titled)('$title', async ({ index, tenant, ask }) => {
      await catchUp(index);
      const { alone, batched, explained } = await driver.ask(tenant, ask);
      expect(alone.reason).toBe(ask.expect);
      const undecided = ask.expect === 'QUARANTINED';
      const decided = ask.expect === 'ALLOWED' ? 'ALLOW' : 'DENY';
      expect(alone.outcome).toBe(undecided ? 'CANNOT_DECIDE' : decided);
      expect(alone.validUntilMs).toBe(
        undecided ? undefined : (ask.validUntil ?? alone.validUntilMs),
      );
      expect(batched, 'a batch answers as a single question does').toEqual(alone);
      expect(explained, 'an explanation decides as a question does').toEqual(alone);
    });
  });
}
