import { Failure } from '#libs/errors/failure.js';
import { auditTopicSpec } from '#libs/ledger/kafka/topic-spec.js';
import {
  checkTopics,
  ensureTopics,
  publicTopicSpecs,
  topicSpecs,
} from '#libs/ledger/kafka/topics.js';
import type { LedgerPlace } from '#libs/ledger/ledger-place.js';
import { kafkaSettingsOf } from '#libs/ledger/open-ledger.js';
import type { Output } from '../cli/output.js';

export interface TopicFlags {
  readonly replicationFactor?: number;
  /** Also the topic for the decisions of authorizers. */
  readonly auditTopic?: boolean;
}

/** Creates the topics of a cell that are not there. Rejects MISCONFIGURED when one is not as it must be. */
export async function prepareTopics(
  place: LedgerPlace,
  flags: TopicFlags,
  out: Output,
): Promise<void> {
  const settings = kafkaSettingsOf(place);
  const replicationFactor = flags.replicationFactor ?? Math.min(3, place.kafkaBrokers.length);
  const { topicPrefix: prefix, sessionRetentionMs } = place;
  const cell = { prefix, replicationFactor, sessionRetentionMs };
  const specs = [...topicSpecs(cell), ...publicTopicSpecs(cell)];
  if (flags.auditTopic === true) {
    specs.push(auditTopicSpec(`${place.topicPrefix}.audit.v1`, replicationFactor));
  }
  for (const topic of await ensureTopics(settings, specs)) out.say(`topic ${topic} created`);
  const wrong = await checkTopics(settings, specs);
  if (wrong.length === 0) return;
  const lines = wrong.map(
    (one) => `${one.topic}: ${one.setting} is ${one.actual}, must be ${one.expected}`,
  );
  throw new Failure('MISCONFIGURED', `topics are not as they must be:\n  ${lines.join('\n  ')}`);
}
