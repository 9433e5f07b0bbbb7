import { describe, expect, it } from 'vitest';
import { MAX_APPEND_BYTES } from '#libs/ledger/append-limits.js';
import {
  ledgerTopicSpec,
  sessionTopicSpec,
  vaultTopicSpec,
} from '#libs/ledger/kafka/topic-spec.js';
import { topicSpecs } from '#libs/ledger/kafka/topics.js';

const day = 86_400_000;

describe('topic settings', () => {
  it('accept what they are created with', () => {
    for (const spec of topicSpecs({ replicationFactor: 3 })) {
      for (const { accepts, value } of spec.settings) expect(accepts(value)).toBe(true);
    }
  });

  it.each([
    ['retention.ms', '-1', '604800000'],
    ['cleanup.policy', 'delete', 'compact'],
    ['message.timestamp.type', 'LogAppendTime', 'CreateTime'],
    ['unclean.leader.election.enable', 'false', 'true'],
    ['min.insync.replicas', '3', '1'],
    ['max.message.bytes', '20000000', String(MAX_APPEND_BYTES)],
  ])('ledger: %s may be %s, not %s', (name, good, bad) => {
    const setting = ledgerTopicSpec('l', 3).settings.find((one) => one.name === name);
    expect([setting?.accepts(good), setting?.accepts(bad)]).toEqual([true, false]);
  });

  it.each([
    ['cleanup.policy', 'compact', 'compact,delete'],
    ['max.compaction.lag.ms', String(day / 2), String(2 * day)],
    ['segment.ms', String(day), String(7 * day)],
    ['delete.retention.ms', String(8 * day), String(day)],
    ['min.insync.replicas', '2', '1'],
  ])('vault: %s may be %s, not %s', (name, good, bad) => {
    const setting = vaultTopicSpec('v', 3).settings.find((one) => one.name === name);
    expect([setting?.accepts(good), setting?.accepts(bad)]).toEqual([true, false]);
  });

  it('a setting that is missing is not accepted', () => {
    for (const { settings } of topicSpecs({ replicationFactor: 3 })) {
      for (const { name, accepts } of settings) expect([name, accepts('')]).toEqual([name, false]);
    }
  });

  it('a cell of one broker needs one replica', () => {
    const { settings } = ledgerTopicSpec('l', 1);
    expect(settings.find(({ name }) => name === 'min.insync.replicas')?.value).toBe('1');
    expect(topicSpecs({ prefix: 'c2', replicationFactor: 1 }).map(({ topic }) => topic)).toEqual([
      'c2.ledger.v1',
      'c2.session.v1',
      'c2.vault.v1',
    ]);
  });

  it('ledger S is kept for ever by its topic, or for long enough that a late start is possible', () => {
    const day = 86_400_000;
    const { settings } = sessionTopicSpec('s', 3, 10 * day);
    const retention = settings.find(({ name }) => name === 'retention.ms');
    expect(retention?.value).toBe('-1');
    const accepted = ['-1', String(130 * day), String(129 * day), '604800000', 'x'].map((actual) =>
      retention?.accepts(actual),
    );
    expect(accepted).toEqual([true, true, false, false, false]);
  });
});
