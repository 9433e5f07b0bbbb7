import type { ChannelCredentials, Client, ClientOptions } from '@grpc/grpc-js';

export interface ConnectOptions {
  /** `host:port`, `dns:///host:port` or `unix:path`. */
  readonly address: string;
  /** Undefined: plaintext. */
  readonly credentials: ChannelCredentials | undefined;
  /** Plaintext to an address that is not loopback. */
  readonly allowPlaintext: boolean;
  /** Metadata `authorization: Bearer …` on every call. */
  readonly bearer?: string;
  readonly serverName?: string;
}

type ClientConstructor<C extends Client> = new (
  address: string,
  credentials: ChannelCredentials,
  options?: Partial<ClientOptions>,
) => C;

/** A generated client (`AuthorizerServiceClient`) with limits, keepalive and credential set. */
export function connect<C extends Client>(
  _constructor: ClientConstructor<C>,
  _options: ConnectOptions,
): C {
  throw new Error('being written');
}
