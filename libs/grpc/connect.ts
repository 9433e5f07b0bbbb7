import {
  ChannelCredentials,
  InterceptingCall,
  type Client,
  type ClientOptions,
  type Interceptor,
} from '@grpc/grpc-js';
import { Failure } from '#libs/errors/failure.js';
import { isLoopback } from './server.js';

export interface ConnectOptions {
  /** `host:port`, `dns:///host:port` or `unix:path`. */
  readonly address: string;
  /** Undefined: plaintext. */
  readonly credentials: ChannelCredentials | undefined;
  /** Plaintext to an address that is not loopback. */
  readonly allowPlaintext: boolean;
  /** Metadata `authorization: Bearer …` on every call that has none of its own. */
  readonly bearer?: string;
  /** Name that the server's certificate must carry, when it is not the host of the address. */
  readonly serverName?: string;
}

export type ClientConstructor<C extends Client> = new (
  address: string,
  credentials: ChannelCredentials,
  options?: Partial<ClientOptions>,
) => C;

/**
 * A generated client (`AuthorizerServiceClient`) with limits, keepalive, spreading over all
 * addresses of a name, and the credential. Close it with `client.close()`.
 *
 * @throws Failure MISCONFIGURED: plaintext beyond loopback, which would show the credential.
 */
export function connect<C extends Client>(
  constructor: ClientConstructor<C>,
  options: ConnectOptions,
): C {
  const { address, credentials, allowPlaintext, bearer, serverName } = options;
  if (credentials === undefined && !allowPlaintext && !isLoopback(address)) {
    throw new Failure(
      'MISCONFIGURED',
      `refusing to connect in plaintext to ${address}: configure TLS or allow plaintext`,
    );
  }
  return new constructor(address, credentials ?? ChannelCredentials.createInsecure(), {
    'grpc.max_receive_message_length': 4 << 20,
    'grpc.max_send_message_length': 1 << 20,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 5_000,
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
    ...(serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName }),
    ...(bearer === undefined ? {} : { interceptors: [withBearer(bearer)] }),
  });
}

function withBearer(credential: string): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, listener, next) => {
        if (metadata.get('authorization').length === 0) {
          metadata.set('authorization', `Bearer ${credential}`);
        }
        next(metadata, listener);
      },
    });
}
