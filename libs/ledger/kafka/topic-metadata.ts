import type { Decoder, Encoder, ProtocolCall } from '#libs/ledger/kafka/kafkajs-internals.js';
import {
  apiKeys,
  DecoderOfKafkajs,
  EncoderOfKafkajs,
} from '#libs/ledger/kafka/kafkajs-internals.js';

/** Who leads partition 0 of a topic, as one broker sees it. */
export interface PartitionLeader {
  readonly nodeId: number;
  /** `host:port`. */
  readonly address: string;
  /** Rises with each election. */
  readonly epoch: number;
  /** Differs for a topic that was deleted and created again under its old name. */
  readonly topicId: string;
}

export interface TopicMetadata {
  readonly exists: boolean;
  /** Undefined while the partition has none. */
  readonly leader: PartitionLeader | undefined;
}

const VERSION = 12;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
const UUID_BYTES = 16;

/**
 * Metadata request of version 12 (Kafka 3.1 and later). kafkajs stops at version 6, which tells
 * neither the topic's id nor the leader's epoch. https://kafka.apache.org/protocol#The_Messages_Metadata
 */
export function topicMetadataCall(topic: string): ProtocolCall<TopicMetadata> {
  return {
    request: {
      apiKey: apiKeys.Metadata,
      apiVersion: VERSION,
      apiName: 'Metadata',
      encode: async () => encode(topic),
    },
    response: {
      decode: async (raw) => decode(new DecoderOfKafkajs(raw)),
      parse: async (decoded) => decoded,
    },
  };
}

const TAGS = 0;

function encode(topic: string): Encoder {
  return new EncoderOfKafkajs()
    .writeInt8(TAGS) // end of the flexible request header
    .writeUVarInt(2) // one topic
    .writeBuffer(Buffer.alloc(UUID_BYTES))
    .writeUVarIntString(topic)
    .writeInt8(TAGS)
    .writeBoolean(false) // allow_auto_topic_creation
    .writeBoolean(false) // include_topic_authorized_operations
    .writeInt8(TAGS);
}

function decode(decoder: Decoder): TopicMetadata {
  decoder.readTaggedFields(); // end of the flexible response header
  decoder.readInt32(); // throttle_time_ms
  const brokers = decoder.readUVarIntArray(decodeBroker) ?? [];
  decoder.readUVarIntString(); // cluster_id
  decoder.readInt32(); // controller_id
  const topic = decoder.readUVarIntArray(decodeTopic)?.[0];
  if (topic === undefined || topic.errorCode === UNKNOWN_TOPIC_OR_PARTITION) {
    return { exists: false, leader: undefined };
  }
  const partition = topic.partitions.find(({ index }) => index === 0);
  const broker = brokers.find(({ nodeId }) => nodeId === partition?.leaderId);
  if (partition === undefined || broker === undefined) return { exists: true, leader: undefined };
  const { leaderEpoch: epoch } = partition;
  return { exists: true, leader: { ...broker, epoch, topicId: topic.id } };
}

function decodeBroker(decoder: Decoder): { nodeId: number; address: string } {
  const nodeId = decoder.readInt32();
  const host = decoder.readUVarIntString() ?? '';
  const port = decoder.readInt32();
  decoder.readUVarIntString(); // rack
  decoder.readTaggedFields();
  return { nodeId, address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` };
}

interface Partition {
  readonly index: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

function decodeTopic(decoder: Decoder): { errorCode: number; id: string; partitions: Partition[] } {
  const errorCode = decoder.readInt16();
  decoder.readUVarIntString(); // name
  const id = decoder.readBytes(UUID_BYTES).toString('hex');
  decoder.readBoolean(); // is_internal
  const partitions = decoder.readUVarIntArray(decodePartition) ?? [];
  decoder.readInt32(); // topic_authorized_operations
  decoder.readTaggedFields();
  return { errorCode, id, partitions };
}

function decodePartition(decoder: Decoder): Partition {
  decoder.readInt16(); // error_code: a partition without a leader names no broker
  const index = decoder.readInt32();
  const leaderId = decoder.readInt32();
  const leaderEpoch = decoder.readInt32();
  for (let list = 0; list < 3; list += 1) decoder.readUVarIntArray((ids) => ids.readInt32());
  decoder.readTaggedFields();
  return { index, leaderId, leaderEpoch };
}
