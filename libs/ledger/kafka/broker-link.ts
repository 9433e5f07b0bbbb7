import type { Socket } from 'node:net';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type {
  ApiName,
  Broker,
  ConnectionPool,
  ProtocolCall,
  SocketTarget,
} from '#libs/ledger/kafka/kafkajs-internals.js';
import {
  apiKeys,
  apis,
  BrokerOfKafkajs,
  silentLogger,
  SingleConnectionPool,
} from '#libs/ledger/kafka/kafkajs-internals.js';
import type { ResolvedKafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { parseAddress } from '#libs/ledger/kafka/kafka-settings.js';
import { within } from '#libs/ledger/kafka/within.js';

const KEEP_ALIVE_MS = 10_000;

/**
 * One connection to one broker, used until its first fault. Every request has a deadline of our own
 * (kafkajs' timers do not notice a paused broker in time); one that passes destroys the socket, so
 * that nothing waits on a dead peer and whatever was in flight is rejected at once.
 */
export class BrokerLink {
  readonly address: string;
  readonly #settings: ResolvedKafkaSettings;
  readonly #pool: ConnectionPool;
  readonly #broker: Broker;
  readonly #sockets = new Set<Socket>();
  #fault: Error | undefined;
  #connected: Promise<void> | undefined;
  #ready = false;

  constructor(settings: ResolvedKafkaSettings, address: string) {
    this.address = address;
    this.#settings = settings;
    this.#pool = new SingleConnectionPool({
      ...parseAddress(address),
      ssl: settings.ssl,
      sasl: settings.sasl,
      clientId: settings.clientId,
      connectionTimeout: settings.requestTimeoutMs,
      requestTimeout: settings.requestTimeoutMs,
      reauthenticationThreshold: settings.requestTimeoutMs,
      logger: silentLogger,
      socketFactory: (target) => this.#openSocket(target),
    });
    this.#broker = new BrokerOfKafkajs({
      connectionPool: this.#pool,
      logger: silentLogger,
      allowAutoTopicCreation: false,
      authenticationTimeout: settings.requestTimeoutMs,
    });
  }

  /**
   * True until the first fault, and until the broker is about to ask for another authentication:
   * kafkajs would mix that up with what else is in flight, so a new connection does it instead.
   */
  get usable(): boolean {
    return this.#fault === undefined && (!this.#ready || this.#broker.isConnected());
  }

  /** Connects and authenticates, once. */
  connect(timeoutMs: number): Promise<void> {
    this.#connected ??= this.#guarded('connecting to', timeoutMs, async () => {
      await this.#broker.connect();
      this.#ready = true;
    });
    return this.#connected;
  }

  /**
   * One request in the newest version that both sides speak. `onHandedOver` is called right before
   * its bytes go to the socket: without that call nothing has reached the broker.
   */
  request<T>(
    api: ApiName,
    fields: object,
    timeoutMs: number,
    onHandedOver: () => void = () => {},
  ): Promise<T> {
    return this.#guarded(`${api} at`, timeoutMs, () => {
      const call = this.#broker.lookupRequest<T>(apiKeys[api], apis[api])(fields);
      return this.#send(call, onHandedOver);
    });
  }

  /** A request whose encoding is our own. */
  send<T>(call: ProtocolCall<T>, timeoutMs: number): Promise<T> {
    return this.#guarded(`${call.request.apiName} at`, timeoutMs, () => this.#send(call, () => {}));
  }

  /** Breaks the connection: what is in flight is rejected, nothing is waited for. */
  destroy(fault: Error): void {
    this.#fault ??= fault;
    for (const socket of this.#sockets) socket.destroy(fault);
  }

  async #send<T>(call: ProtocolCall<T>, onHandedOver: () => void): Promise<T> {
    // Not `usable`: a connection that comes near the end of its session after it was chosen is good for
    // this request still. What must not happen is that kafkajs connects anew, without authenticating.
    if (!this.#pool.isConnected()) throw new Error(`${this.address} closed the connection`);
    const encode = async (): ReturnType<typeof call.request.encode> => {
      const encoded = await call.request.encode();
      if (this.#fault !== undefined) throw this.#fault;
      onHandedOver();
      return encoded;
    };
    return this.#pool.send({ ...call, request: { ...call.request, encode } });
  }

  async #guarded<T>(what: string, timeoutMs: number, run: () => Promise<T>): Promise<T> {
    if (this.#fault !== undefined) throw this.#fault;
    try {
      return await within(this.#settings.clock, timeoutMs, `${what} ${this.address}`, run());
    } catch (cause) {
      // An error that the broker itself answered with says nothing against the connection.
      if (errorCodeOf(cause) === undefined) this.destroy(cause as Error);
      throw cause;
    }
  }

  #openSocket({ host, port, ssl, onConnect }: SocketTarget): Socket {
    const tls = ssl === true ? {} : ssl;
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = tls
      ? connectTls({ host, port, ...name, ...tls }, onConnect)
      : connectTcp({ host, port }, onConnect);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#fault ??= new Error(`the connection to ${this.address} was closed`);
    });
    if (this.#fault !== undefined) socket.destroy(this.#fault);
    return socket;
  }
}

/** The name of the error that a broker answered with (`NOT_LEADER_FOR_PARTITION`). */
export function errorCodeOf(error: unknown): string | undefined {
  const type = (error as { readonly type?: unknown } | null)?.type;
  return typeof type === 'string' ? type : undefined;
}
