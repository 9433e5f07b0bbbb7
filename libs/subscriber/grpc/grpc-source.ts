import { Client, Metadata, status, type ClientReadableStream } from '@grpc/grpc-js';
import { channelCredentials, type Tls } from '#libs/client/rpc/channel-credentials.js';
import { readMessage } from '#libs/subscriber/grpc/read-message.js';
import { wholeRecord, type Mark } from '#libs/subscriber/mark.js';
import type { ReadRequest, Source, SourceItem } from '#libs/subscriber/source.js';
import type { Start } from '#libs/subscriber/start.js';
import { SubscriberError } from '#libs/subscriber/subscriber-error.js';
import {
  EventServiceService,
  type SubscribeRequest,
  type SubscribeResponse,
} from '#proto/ledgate/events/v1/event_service.js';

export interface GrpcSourceOptions {
  /** `host:port` of an identity; a name with several addresses is tried in turn. */
  readonly address: string;
  /** API key or access token with the permission `ledgate.events:subscribe`; asked at each connection. */
  readonly credential: string | (() => string | Promise<string>);
  /** Default: plaintext on the loopback interface, TLS with the system's authorities elsewhere. */
  readonly tls?: Tls;
  /** Id. Default: the tenant of the credential. `all`: every tenant, for the system tenant alone. */
  readonly tenant?: string;
  /** `L`: state, the default; `S`: ends of sessions, refresh families and tokens. */
  readonly ledger?: 'L' | 'S';
  /** Default: all public events. */
  readonly types?: readonly string[];
}

const stream = 'grpc';
/** A server says at least every other second how far it is; one that is silent for this long is gone. */
const silenceMs = 30_000;

const channelOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.enable_retries': 0,
  'grpc.max_receive_message_length': 4 << 20,
};

/** All events of a ledger in their one order, straight from identity. */
export function grpcSource(options: GrpcSourceOptions): Source {
  const { address, tls } = options;
  const serverName = typeof tls === 'object' ? tls.serverName : undefined;
  const named = serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName };
  const client = new Client(address, channelCredentials(address, tls), {
    ...channelOptions,
    ...named,
  });
  return {
    read: (request) => readStream(client, options, request),
    close: () => {
      client.close();
      return Promise.resolve();
    },
  };
}

async function* readStream(
  client: Client,
  options: GrpcSourceOptions,
  { start, resume, signal }: ReadRequest,
): AsyncGenerator<SourceItem> {
  const mark = await resume(stream);
  const metadata = new Metadata({ waitForReady: false });
  const { credential } = options;
  const bearer = typeof credential === 'function' ? await credential() : credential;
  metadata.set('authorization', `Bearer ${bearer}`);
  const { path, requestSerialize, responseDeserialize } = EventServiceService.subscribe;
  const request = requestOf(options, mark, start);
  const call = client.makeServerStreamRequest<SubscribeRequest, SubscribeResponse>(
    path,
    requestSerialize,
    responseDeserialize,
    request,
    metadata,
  );
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const response of withoutSilence(call)) yield readMessage(stream, response);
    throw new SubscriberError('UNAVAILABLE', 'the server ended the stream');
  } catch (error) {
    throw errorOf(error);
  } finally {
    signal.removeEventListener('abort', cancel);
    // Whoever stops reading hears no more of it.
    call.on('error', () => undefined);
    call.cancel();
  }
}

/** Only time in which nothing comes counts, not time in which nothing is taken. */
async function* withoutSilence<T>(call: ClientReadableStream<T>): AsyncGenerator<T> {
  const messages = call[Symbol.asyncIterator]() as AsyncIterator<T>;
  for (;;) {
    const timer = setTimeout(() => call.destroy(silent()), silenceMs);
    try {
      const next = await messages.next();
      if (next.done === true) return;
      clearTimeout(timer);
      yield next.value;
    } finally {
      clearTimeout(timer);
    }
  }
}

function silent(): Error {
  return new SubscriberError('UNAVAILABLE', `the server was silent for ${silenceMs} ms`);
}

function requestOf(
  { tenant = '', types = [], ledger = 'L' }: GrpcSourceOptions,
  mark: Mark | undefined,
  start: Start,
): SubscribeRequest {
  const all = tenant === 'all';
  return {
    tenantId: all ? '' : tenant,
    allTenants: all,
    types: [...types],
    ledger: mark?.ledger ?? (ledger === 'L' ? '' : ledger),
    epoch: mark?.epoch ?? 0,
    start: mark === undefined ? startOf(start) : startAt(mark),
  };
}

function startAt({ position, index }: Mark): SubscribeRequest['start'] {
  if (position < 0) return { $case: 'beginning', value: true };
  if (index === wholeRecord) return { $case: 'afterPosition', value: BigInt(position) };
  return { $case: 'afterEvent', value: { position: BigInt(position), index } };
}

function startOf(start: Start): SubscribeRequest['start'] {
  if (start === 'now') return undefined;
  if (start === 'beginning') return { $case: 'beginning', value: true };
  return 'time' in start
    ? { $case: 'timeMs', value: BigInt(Math.trunc(start.time)) }
    : { $case: 'afterPosition', value: BigInt(start.position) };
}

const refused: ReadonlySet<number> = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.INVALID_ARGUMENT,
  status.UNIMPLEMENTED,
]);

function errorOf(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const { code, message } = error as Error & { code: status; metadata?: Metadata };
  if (refused.has(code)) return new SubscriberError('REFUSED', message, { cause: error });
  const details = String(
    (error as { metadata?: Metadata }).metadata?.get('grpc-status-details-bin'),
  );
  const another = code === status.FAILED_PRECONDITION || details.includes('DIVERGED');
  return new SubscriberError(another ? 'DIVERGED' : 'UNAVAILABLE', message, { cause: error });
}
