import { describe, expect, it } from 'vitest';
import type { TopicMetadata } from '#libs/ledger/kafka/topic-metadata.js';
import { topicMetadataCall } from '#libs/ledger/kafka/topic-metadata.js';

/** Bytes that went over the wire between this codec and a Kafka 4.3.1 broker. */
const request = '00020000000000000000000000000000000007676f6c64656e00000000';
const broker = '02000000010a3132372e302e302e310000720800';
const cluster = '00176e317134533946775276614365314a38443161424d770000000102';
const answered = {
  led: `0000000000${broker}${cluster}000007676f6c64656e6827996d020a44739b0723930fe090f900020000000000000000000100000000020000000102000000010100800000000000`,
  absent: `0000000000${broker}${cluster}000307616273656e74000000000000000000000000000000000001800000000000`,
};
/** As `led`, but the partition names -1 as its leader, and error 5 (LEADER_NOT_AVAILABLE). */
const leaderless = answered.led.replace(
  '00020000000000000000000100000000',
  '0002000500000000ffffffff00000007',
);

async function decoded(hex: string): Promise<TopicMetadata> {
  const { response } = topicMetadataCall('golden');
  return response.parse((await response.decode(Buffer.from(hex, 'hex'))) as never);
}

describe('metadata request, version 12', () => {
  it('is asked for one topic, and never creates it', async () => {
    const encoded = (await topicMetadataCall('golden').request.encode()) as unknown as {
      readonly buffer: Buffer;
    };
    expect(encoded.buffer.toString('hex')).toBe(request);
  });

  it('tells the leader, its epoch and the id of the topic', async () => {
    expect(await decoded(answered.led)).toEqual({
      exists: true,
      leader: {
        nodeId: 1,
        address: '127.0.0.1:29192',
        epoch: 0,
        topicId: '6827996d020a44739b0723930fe090f9',
      },
    });
  });

  it('tells a topic that does not exist from one without a leader', async () => {
    expect(leaderless).not.toBe(answered.led);
    expect(await decoded(answered.absent)).toEqual({ exists: false, leader: undefined });
    expect(await decoded(leaderless)).toEqual({ exists: true, leader: undefined });
  });
});
