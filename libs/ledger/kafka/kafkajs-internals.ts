import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';

/**
 * The parts of kafkajs 2.2.4 that its public interface does not offer, with types. The version is
 * pinned exactly; the contract suite on a real broker is what notices a difference.
 */

/** Writes the fields of a request. `writeUVarInt*` are the compact forms of KIP-482. */
export interface Encoder {
  writeInt8(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeBoolean(value: boolean): Encoder;
  writeUVarInt(value: number): Encoder;
  writeUVarIntString(value: string): Encoder;
  writeBuffer(value: Buffer): Encoder;
}

/** Reads the fields of an answer, in order. */
export interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readBoolean(): boolean;
  readUVarIntString(): string | null;
  readUVarIntArray<T>(read: (decoder: Decoder) => T): T[] | null;
  readBytes(length: number): Buffer;
  readTaggedFields(): unknown;
}

/** One request and how its answer is read. `encode` runs right before the bytes are written. */
export interface ProtocolCall<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode: () => Promise<Encoder>;
    readonly expectResponse?: () => boolean;
  };
  readonly response: {
    readonly decode: (raw: Buffer) => Promise<unknown>;
    readonly parse: (decoded: never) => Promise<T>;
  };
}

/** The versions of one API that kafkajs speaks. */
export interface ApiDefinition {
  readonly versions: readonly string[];
}

interface RequestQueue {
  pending: readonly unknown[];
  scheduleCheckPendingRequests: () => void;
}

interface Connection {
  readonly requestQueue: RequestQueue;
}

export interface ConnectionPool {
  /** The socket is open; says nothing about the authentication. */
  isConnected(): boolean;
  readonly pool: readonly Connection[];
  getConnection(index: number): Promise<Connection>;
  send<T>(call: ProtocolCall<T>): Promise<T>;
}

export interface ConnectionOptionsOfPool {
  readonly host: string;
  readonly port: number;
  readonly ssl: boolean | ConnectionOptions | undefined;
  readonly sasl: SASLOptions | undefined;
  readonly clientId: string;
  readonly socketFactory: (target: SocketTarget) => Socket;
  /** Milliseconds. */
  readonly connectionTimeout: number;
  /** Milliseconds. */
  readonly requestTimeout: number;
  /** How long before the end of a session the connection counts as not authenticated, ms. */
  readonly reauthenticationThreshold: number;
  readonly logger: unknown;
}

export interface SocketTarget {
  readonly host: string;
  readonly port: number;
  readonly ssl: boolean | ConnectionOptions | undefined;
  readonly onConnect: () => void;
}

export interface Broker {
  connect(): Promise<void>;
  isConnected(): boolean;
  /** The call builder of the newest version that both sides speak. */
  lookupRequest<T>(apiKey: number, api: ApiDefinition): (fields: object) => ProtocolCall<T>;
}

type BrokerClass = new (options: {
  readonly connectionPool: ConnectionPool;
  readonly logger: unknown;
  readonly allowAutoTopicCreation: boolean;
  /** Milliseconds. */
  readonly authenticationTimeout: number;
}) => Broker;

const load = createRequire(import.meta.url) as <T>(path: string) => T;

export const BrokerOfKafkajs = load<BrokerClass>('kafkajs/src/broker');
export const EncoderOfKafkajs = load<new () => Encoder>('kafkajs/src/protocol/encoder');
export const DecoderOfKafkajs = load<new (raw: Buffer) => Decoder>('kafkajs/src/protocol/decoder');
export const apiKeys = load<Readonly<Record<ApiName, number>>>(
  'kafkajs/src/protocol/requests/apiKeys',
);
export const apis = load<{ readonly requests: Readonly<Record<ApiName, ApiDefinition>> }>(
  'kafkajs/src/protocol/requests',
).requests;

export type ApiName = 'DeleteRecords' | 'Fetch' | 'ListOffsets' | 'Metadata' | 'Produce';

const PoolOfKafkajs = load<new (options: ConnectionOptionsOfPool) => ConnectionPool>(
  'kafkajs/src/network/connectionPool',
);

/**
 * A pool that is one connection: kafkajs would open a second one for fetches, and each of its
 * connections runs a 1 ms timer for ever, even where no request waits.
 */
export class SingleConnectionPool extends PoolOfKafkajs {
  constructor(options: ConnectionOptionsOfPool) {
    super(options);
    for (const { requestQueue } of this.pool) {
      const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
      requestQueue.scheduleCheckPendingRequests = () => {
        if (requestQueue.pending.length > 0) schedule();
      };
    }
  }

  getConnectionByRequest(): Promise<Connection> {
    return this.getConnection(0);
  }
}

interface LoggerModule {
  createLogger(options: { level: number; logCreator: () => () => void }): unknown;
}

/** kafkajs reports through rejected promises; its own log lines go nowhere. */
export const silentLogger = load<LoggerModule>('kafkajs/src/loggers').createLogger({
  level: 0,
  logCreator: () => () => {},
});
