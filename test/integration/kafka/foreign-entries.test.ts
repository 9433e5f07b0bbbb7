import kafkajs from 'kafkajs';
import { expect, it } from 'vitest';
import type { LogRecord } from '#libs/ledger/event-log.js';
import { PositionOutOfRange } from '#libs/ledger/event-log.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { take } from '../../contracts/event-log-contract.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic, withAdmin } from '../../support/kafka/fresh-topic.js';

const shown = ({ value, control }: LogRecord): string =>
  control ? 'control' : Buffer.from(value ?? 'null').toString();

/** What others may have put into the topic must not lead to a gap or to a reader that stands still. */
describeOnKafka('entries that Ledgate did not write', (brokers) => {
  const foreign = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
  const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;

  it('L4 transactions: markers are reported as control, aborted values as values', async () => {
    const topic = await freshLedgerTopic(brokers);
    const log = openKafkaLog({ brokers, topic });
    await log.append([Buffer.from('ours')]);
    const producer = foreign.producer({
      createPartitioner,
      transactionalId: topic,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    for (const end of ['commit', 'abort'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: end, partition: 0 }] });
      await transaction[end]();
    }
    await producer.disconnect();
    // The coordinator writes the marker after it has answered the producer.
    await expect.poll(() => log.end()).toBe(5);
    expect(await log.append([Buffer.from('ours again')])).toBe(5);

    const records = await take(log, 0, 6);
    const expected = ['ours', 'commit', 'control', 'abort', 'control', 'ours again'];
    expect(records.map(shown)).toEqual(expected);
    expect(records.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await log.read(2)).toMatchObject({ position: 2, control: true });
    await log.close();
  });

  it('L8 compressed batches and null values come back as they were put', async () => {
    const topic = await freshLedgerTopic(brokers);
    const producer = foreign.producer({ createPartitioner });
    await producer.connect();
    const values = ['a', null, 'b'.repeat(10_000), null];
    const messages = values.map((value) => ({ value, partition: 0 }));
    const compression = kafkajs.CompressionTypes.GZIP;
    await producer.send({ topic, messages, compression });
    await producer.disconnect();
    const log = openKafkaLog({ brokers, topic });
    const read = (await take(log, 0, 4)).map(({ value }) => value && Buffer.from(value).toString());
    expect(read).toEqual(values);
    expect((await take(log, 2, 2)).map(({ position }) => position)).toEqual([2, 3]);
    expect(await log.read(3)).toMatchObject({ position: 3, value: null });
    await log.close();
  });

  it('L6 entries deleted from the front: a tail that needs them rejects', async () => {
    const topic = await freshLedgerTopic(brokers);
    const log = openKafkaLog({ brokers, topic });
    await log.append(Array.from({ length: 10 }, (_, i) => Buffer.from(`${i}`)));
    await withAdmin(brokers, async (admin) => {
      await admin.fetchTopicOffsets(topic); // loads the metadata that the deletion needs
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] });
    });
    await expect(take(log, 0, 1)).rejects.toBeInstanceOf(PositionOutOfRange);
    expect((await take(log, 4, 1)).map(shown)).toEqual(['4']);
    expect(await log.read(3)).toBeUndefined();
    expect(await log.end()).toBe(10);
    await log.close();
  });
});
