export {
  ownTransaction,
  type Checkpoint,
  type CheckpointStep,
  type StoredCheckpoint,
  type TransactionalCheckpoint,
} from '#libs/subscriber/checkpoint.js';
export { fileCheckpoint } from '#libs/subscriber/file-checkpoint.js';
export { grpcSource, type GrpcSourceOptions } from '#libs/subscriber/grpc/grpc-source.js';
export {
  type EventContext,
  type Handler,
  type Handlers,
  type OnPoison,
  type Poison,
  type PoisonVerdict,
} from '#libs/subscriber/handlers.js';
export {
  kafkaSource,
  type KafkaSource,
  type KafkaSourceOptions,
} from '#libs/subscriber/kafka/kafka-source.js';
export { isAfter, parseMark, type Mark } from '#libs/subscriber/mark.js';
export { type ReadEvent, type Source, type SourceItem } from '#libs/subscriber/source.js';
export { type Start } from '#libs/subscriber/start.js';
export {
  subscribe,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionCounts,
} from '#libs/subscriber/subscribe.js';
export { SubscriberError, type SubscriberErrorKind } from '#libs/subscriber/subscriber-error.js';
export {
  type PublicEvent,
  type PublicEventType,
  type PublicTopic,
} from '#libs/events/public-events.js';
