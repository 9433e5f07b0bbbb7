import { Failure } from '#libs/errors/failure.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { auditTopicSpec } from '#libs/ledger/kafka/topic-spec.js';
import { checkTopics } from '#libs/ledger/kafka/topics.js';
import type { LedgerPlace } from '#libs/ledger/ledger-place.js';
import { kafkaSettingsOf } from '#libs/ledger/open-ledger.js';
import type { SinkSetting } from '#services/authorizer/config-decision-log.js';
import { fileSink } from './file-sink.js';
import { otlpSink } from './otlp-sink.js';
import type { Sink } from './sink.js';
import { stdoutSink } from './stdout-sink.js';
import { topicSink } from './topic-sink.js';

const otlpTimeoutMs = 10_000;

/**
 * Opens what the decision log is written to.
 *
 * @throws Failure MISCONFIGURED for a file that cannot be opened, or a topic that is not as it must be.
 */
export async function openSinks(
  settings: readonly SinkSetting[],
  place: LedgerPlace,
): Promise<Sink[]> {
  const sinks: Sink[] = [];
  try {
    for (const setting of settings) sinks.push(await openSink(setting, place));
    return sinks;
  } catch (error) {
    await Promise.all(sinks.map((sink) => sink.close()));
    throw error;
  }
}

async function openSink(setting: SinkSetting, place: LedgerPlace): Promise<Sink> {
  switch (setting.kind) {
    case 'stdout':
      return stdoutSink();
    case 'file':
      return fileSink(setting.path);
    case 'otlp':
      return otlpSink({ url: setting.url, timeoutMs: otlpTimeoutMs });
    case 'kafka':
      return openTopic(place);
  }
}

async function openTopic(place: LedgerPlace): Promise<Sink> {
  const topic = `${place.topicPrefix}.audit.v1`;
  const settings = kafkaSettingsOf(place);
  const [wrong] = await checkTopics(settings, [auditTopicSpec(topic, 1)]);
  if (wrong !== undefined) {
    const { setting, actual, expected } = wrong;
    const what = `the topic ${topic} cannot take decisions: ${setting} is ${actual}`;
    const advice = setting === 'exists' ? 'run ledgate init --audit-topic' : `must be ${expected}`;
    throw new Failure('MISCONFIGURED', `${what}: ${advice}`);
  }
  return topicSink(openKafkaLog({ ...settings, topic }));
}
