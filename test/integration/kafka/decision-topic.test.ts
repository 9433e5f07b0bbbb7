import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { encodeLine } from '#libs/audit/decision-line.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { auditTopicSpec } from '#libs/ledger/kafka/topic-spec.js';
import { checkTopics, ensureTopics } from '#libs/ledger/kafka/topics.js';
import { openSinks } from '#services/authorizer/app/decision-log/open-sinks.js';
import { readFrom } from '#services/ledgate/operate/decisions/read-decisions.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { withAdmin } from '../../support/kafka/fresh-topic.js';

describeOnKafka('decisions in a topic', (brokers) => {
  const placeOf = (topicPrefix: string) =>
    ({
      log: 'kafka',
      dataDir: '/nowhere',
      kafkaBrokers: brokers,
      topicPrefix,
      ledgerKey: undefined,
    }) as const;

  it('are appended in order, and readers get the lines', async () => {
    const prefix = `test.${randomUUID()}`;
    const topic = `${prefix}.audit.v1`;
    await expect(openSinks([{ kind: 'kafka' }], placeOf(prefix))).rejects.toMatchObject({
      reason: 'MISCONFIGURED',
      message: expect.stringContaining('run ledgate init --audit-topic'),
    });
    const spec = auditTopicSpec(topic, 1);
    expect(await ensureTopics({ brokers }, [spec])).toEqual([topic]);
    expect(await checkTopics({ brokers }, [spec])).toEqual([]);
    const [sink] = await openSinks([{ kind: 'kafka' }], placeOf(prefix));
    const lines = Array.from({ length: 600 }, (_, i) =>
      encodeLine({ kind: 'end', authorizer: 'a', atMs: i }),
    );
    await sink?.write(lines.slice(0, 256));
    await sink?.write(lines.slice(256));
    await sink?.close();
    const log = openKafkaLog({ brokers, topic });
    const seen: string[] = [];
    for await (const { records } of log.tail(0, new AbortController().signal)) {
      seen.push(...records.map(({ value }) => String(value)));
      if (seen.length >= lines.length) break;
    }
    await log.close();
    expect(seen).toEqual(lines);
    const read = await readFrom(Readable.from(seen.map((line) => `${line}\n`)));
    expect([read.bad, read.foreign]).toEqual([[], 0]);
  });

  it('are not written to a topic that forgets them early', async () => {
    const prefix = `test.${randomUUID()}`;
    const configEntries = [{ name: 'retention.ms', value: '604800000' }];
    await withAdmin(brokers, (admin) =>
      admin.createTopics({ topics: [{ topic: `${prefix}.audit.v1`, configEntries }] }),
    );
    await expect(openSinks([{ kind: 'kafka' }], placeOf(prefix))).rejects.toMatchObject({
      reason: 'MISCONFIGURED',
      message: expect.stringContaining('retention.ms is 604800000'),
    });
  });
});
