import { Client, connectivityState, type ChannelOptions } from '@grpc/grpc-js';
import { type Clock } from '#libs/runtime/clock.js';
import { channelCredentials, type Tls } from '#libs/client/rpc/channel-credentials.js';

/** A lost authorizer is noticed within seconds, and a new one is found at once. */
const channelOptions: ChannelOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 2_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.enable_retries': 0,
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
};

/** How long an authorizer that did not answer in time is passed over. */
const avoidMs = 1_000;

/**
 * One channel for each address, taken in turn. One whose authorizer is known to be unreachable, or
 * did not answer in time just now, is passed over while there is another one.
 */
export class Channels {
  readonly #clients: readonly Client[];
  readonly #avoidedUntil = new WeakMap<Client, number>();
  readonly #clock: Clock;
  #next = 0;

  constructor(addresses: readonly string[], tls: Tls | undefined, clock: Clock) {
    this.#clock = clock;
    const serverName = typeof tls === 'object' ? tls.serverName : undefined;
    const named = serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName };
    this.#clients = addresses.map(
      (address) =>
        new Client(address, channelCredentials(address, tls), { ...channelOptions, ...named }),
    );
  }

  get count(): number {
    return this.#clients.length;
  }

  pick(): Client {
    let fallback: Client | undefined;
    for (let tried = 0; tried < this.#clients.length; tried += 1) {
      const client = this.#clients[this.#next % this.#clients.length];
      this.#next = (this.#next + 1) % this.#clients.length;
      if (!client) continue;
      if (this.#isPromising(client)) return client;
      fallback ??= client;
    }
    if (!fallback) throw new TypeError('There is no address');
    return fallback;
  }

  /** Passes over `client` for a second: it did not answer in time. */
  avoid(client: Client): void {
    this.#avoidedUntil.set(client, this.#clock.monotonicMs() + avoidMs);
  }

  #isPromising(client: Client): boolean {
    const state = client.getChannel().getConnectivityState(false);
    if (state === connectivityState.TRANSIENT_FAILURE) return false;
    return (this.#avoidedUntil.get(client) ?? 0) <= this.#clock.monotonicMs();
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}
