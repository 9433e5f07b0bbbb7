import type { ChannelCredentials, ClientReadableStream } from '@grpc/grpc-js';
import type { EarlyDenies, EarlyDenyKind } from '#libs/access/sessions/early-denies.js';
import { connect } from '#libs/grpc/connect.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Secret } from '#libs/runtime/secret.js';
import {
  EarlyDeny_Kind as Kind,
  RevocationFeedServiceClient,
  type EarlyDeny,
  type WatchRevocationsResponse,
} from '#proto/ledgate/identity/v1/revocation_feed.js';

export interface RevocationFeedOptions {
  /** `host:port` of one identity. */
  readonly address: string;
  readonly credentials: ChannelCredentials | undefined;
  readonly allowPlaintext: boolean;
  /** API key with `ledgate.identity:watch-revocations`. */
  readonly credential: Secret;
  readonly denies: EarlyDenies;
  readonly clock: Clock;
  readonly onTrouble: (address: string, error: unknown) => void;
}

const retryMs = 1_000;
/** Three signs of life were missed. */
const silentMs = 16_000;

const kinds: Partial<Record<Kind, EarlyDenyKind>> = {
  [Kind.KIND_TOKEN]: 'TOKEN',
  [Kind.KIND_REFRESH_FAMILY]: 'FAMILY',
  [Kind.KIND_SESSION]: 'SESSION',
};

/** Watches one identity for revocations that the ledger could not take yet, for as long as it is open. */
export class RevocationFeed {
  readonly #options: RevocationFeedOptions;
  readonly #client: RevocationFeedServiceClient;
  #call: ClientReadableStream<WatchRevocationsResponse> | undefined;
  #cancelRetry = (): void => {};
  #cancelWatchdog = (): void => {};
  #closed = false;
  #connected = false;
  #told = false;

  constructor(options: RevocationFeedOptions) {
    const { address, credentials, allowPlaintext, credential } = options;
    this.#options = options;
    const bearer = credential.reveal();
    const target = { address, credentials, allowPlaintext, bearer };
    this.#client = connect(RevocationFeedServiceClient, target);
    this.#watch();
  }

  /** Whether this identity was heard of a moment ago. */
  get connected(): boolean {
    return this.#connected;
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry();
    this.#cancelWatchdog();
    this.#call?.cancel();
    this.#client.close();
  }

  #watch(): void {
    const call = this.#client.watchRevocations({});
    this.#call = call;
    this.#expect(call);
    call.on('data', ({ denies }: WatchRevocationsResponse) => {
      this.#connected = true;
      this.#expect(call);
      for (const deny of denies) this.#take(deny);
    });
    call.on('error', (error) => {
      if (this.#call === call) this.#again(error);
    });
    call.on('end', () => {
      if (this.#call === call) this.#again(undefined);
    });
  }

  #expect(call: ClientReadableStream<WatchRevocationsResponse>): void {
    this.#cancelWatchdog();
    this.#cancelWatchdog = this.#options.clock.after(silentMs, () => call.cancel());
  }

  #again(error: unknown): void {
    this.#call = undefined;
    this.#cancelWatchdog();
    if (this.#closed) return;
    const { clock, onTrouble, address } = this.#options;
    if ((this.#connected || !this.#told) && error !== undefined) onTrouble(address, error);
    this.#told = true;
    this.#connected = false;
    this.#cancelRetry = clock.after(retryMs, () => this.#watch());
  }

  #take({ tenantId: tenant, kind, id, untilMs }: EarlyDeny): void {
    const known = kinds[kind];
    if (known === undefined) return;
    this.#options.denies.add({ tenant, kind: known, id, untilMs: Number(untilMs) });
  }
}
