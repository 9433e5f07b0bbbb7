import { afterEach, expect, it } from 'vitest';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import {
  copyMovesTheLedger,
  restoreKillsWhatWasIssued,
  statesOnTheWay,
} from '../../support/ledgate/ledger-file-story.js';
import { embeddedPlace, kafkaPlace, type Place } from '../../support/ledgate/ledger-place.js';

const opened: Place[] = [];
const kept = async (made: Promise<Place>): Promise<Place> => {
  opened.push(await made);
  return made;
};
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

describeOnKafka('a ledger that moves, with Kafka', (brokers) => {
  const kafka = (): Promise<Place> => kept(kafkaPlace(brokers)());
  const embedded = (): Promise<Place> => kept(embeddedPlace());

  it('restored: what was issued before is dead', async () => {
    const refusals = await restoreKillsWhatWasIssued(await kafka(), await kafka());
    expect(refusals).toEqual(['ISSUED_BEFORE_RESTORE', 'TOKEN_WRONG_EPOCH']);
  }, 60_000);

  it('embedded → Kafka → embedded is the same state', async () => {
    const states = await statesOnTheWay([await embedded(), await kafka(), await embedded()]);
    expect(states).toEqual(states.map(() => states[0]));
  }, 60_000);

  it('copied from the embedded log to Kafka, while it is written to', async () => {
    const copied = await copyMovesTheLedger(await embedded(), await kafka());
    expect(copied.position).toBe(copied.sealedAt - 1);
  }, 60_000);

  it('copied from topic to topic, while it is written to', async () => {
    const copied = await copyMovesTheLedger(await kafka(), await kafka());
    expect(copied.position).toBe(copied.sealedAt - 1);
  }, 60_000);
});
