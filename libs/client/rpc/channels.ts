import { Client, connectivityState, type ChannelOptions } from '@grpc/grpc-js';
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

/**
 * One channel for each address, taken in turn. A channel that knows that its authorizer is
 * unreachable is passed over while another one is not known to be.
 */
export class Channels {
  readonly #clients: readonly Client[];
  #next = 0;

  constructor(addresses: readonly string[], tls: Tls | undefined) {
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
      const state = client.getChannel().getConnectivityState(false);
      if (state !== connectivityState.TRANSIENT_FAILURE) return client;
      fallback ??= client;
    }
    if (!fallback) throw new TypeError('There is no address');
    return fallback;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}
