import type { ChannelCredentials, ClientReadableStream } from '@grpc/grpc-js';
import type { AccessDenies, AccessDenyKind } from '#libs/access/projection/access-denies.js';
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
  readonly access: AccessDenies;
  /** Up to where ledger L is folded here. */
  readonly position: () => number;
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

const accessKinds: Partial<Record<Kind, AccessDenyKind>> = {
  [Kind.KIND_TENANT]: 'TENANT',
  [Kind.KIND_PRINCIPAL]: 'PRINCIPAL',
  [Kind.KIND_CREDENTIAL]: 'CREDENTIAL',
  [Kind.KIND_CLIENT]: 'CLIENT',
};

/** Watches one identity for revocations that the ledger could not take yet, for as long as it is open. */
export class RevocationFeed {
  readonly #options: RevocationFeedOptions;
  readonly #client: RevocationFeedServiceClient;
  /** Revocations of ledger L that this identity has told and not lifted. */
  readonly #holds = new Set<string>();
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
    call.on('data', (response: WatchRevocationsResponse) => {
      this.#connected = true;
      this.#expect(call);
      this.#heed(response);
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

  #heed({ denies, lifted, whole, position }: WatchRevocationsResponse): void {
    const { access } = this.#options;
    // What this identity had held, and does not any more, is in the ledger as far as it has read that.
    const gone = new Set(whole ? this.#holds : []);
    for (const deny of denies) {
      this.#take(deny);
      gone.delete(deny.holdId);
    }
    for (const hold of gone) this.#lift(hold, Number(position));
    for (const { holdId, position: at } of lifted) this.#lift(holdId, Number(at));
    access.settle(this.#options.position());
  }

  #take({ tenantId: tenant, kind, id, untilMs, holdId: hold }: EarlyDeny): void {
    const { denies, access } = this.#options;
    const ofSessions = kinds[kind];
    if (ofSessions !== undefined) {
      denies.add({ tenant, kind: ofSessions, id, untilMs: Number(untilMs) });
    }
    const ofAccess = accessKinds[kind];
    if (ofAccess === undefined) return;
    this.#holds.add(hold);
    access.add({ tenant, kind: ofAccess, id, untilMs: Number(untilMs), hold });
  }

  #lift(hold: string, position: number): void {
    this.#holds.delete(hold);
    this.#options.access.lift(hold, position);
  }
}
