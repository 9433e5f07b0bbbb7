import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { status, type ServiceError } from '@grpc/grpc-js';
import type { Method } from '../support/identity/running-identity.js';
import type { SeededRandom } from '../support/ledger/seeded-random.js';
import { isPassing, type Endpoint } from './endpoint.js';
import { Holding } from './holding.js';
import { tell, tellOfPassword, type Teller } from './story.js';

export interface Acknowledged {
  readonly commandId: string;
  readonly position: number;
}

interface Answer {
  readonly result?: { consistencyToken: string; position: bigint; replayed: boolean } | undefined;
}

export interface LoadOptions {
  readonly identities: readonly Endpoint[];
  /** API key of the tenant's administrator. */
  readonly admin: string;
  readonly lanes: number;
  readonly random: SeededRandom;
  /** Longest pause between two commands of one lane, ms. */
  readonly thinkMs: number;
}

/** An instance may not yet have what another one acknowledged a moment ago. */
const notYetMs = 3_000;
/** So soon what was held becomes a record, once everybody is there. */
const heldMs = 3_000;

/**
 * Administrators at work: they create, grant and revoke, retry with the same command id on any
 * instance until they are answered, and remember what they were told.
 */
export class Load {
  readonly acknowledged: Acknowledged[] = [];
  readonly holdings: Holding[] = [];
  /** Names of shared roles, and how often somebody was told that he got one. */
  readonly won = new Map<string, number>();
  /** Answers that no kill explains. */
  readonly surprises: string[] = [];
  /** Calls that were answered with "not now", or not at all. */
  unanswered = 0;
  replayed = 0;
  /** API keys that were made, and whose text was lost with the answer. */
  lostSecrets = 0;
  /** Revocations that were promised while the ledger took nothing, to be asked for once more. */
  readonly #held: (() => Promise<Acknowledged & { readonly token: string }>)[] = [];
  readonly #options: LoadOptions;
  readonly #lanes: Promise<void>[];
  #running = true;
  #patient = true;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#lanes = Array.from({ length: options.lanes }, (_, lane) => this.#work(lane));
  }

  /** The newest and some of all of what has stood since `atMs` (`performance.now()`). */
  sample(atMs: number, count: number): Holding[] {
    const { random } = this.#options;
    const settled = this.holdings.filter(({ settledAtMs }) => settledAtMs <= atMs);
    const some = Array.from({ length: count }, () => settled[random.below(settled.length)]);
    return [...settled.slice(-count), ...some.filter((one) => one !== undefined)];
  }

  /** Lets every lane finish its command, the answer included, and asks where the held ones stand. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#lanes);
    if (!this.#patient || this.#held.length === 0) return;
    await sleep(heldMs);
    let token = '';
    for (const again of this.#held) {
      const told = await again();
      this.acknowledged.push(told);
      token = told.token;
    }
    for (const holding of this.holdings) if (holding.held) holding.settle(token);
  }

  get held(): number {
    return this.#held.length;
  }

  /** Gives up whatever is not answered yet. */
  async abandon(): Promise<void> {
    this.#patient = false;
    await this.stop();
  }

  async #work(lane: number): Promise<void> {
    const { random, admin } = this.#options;
    let number = 0;
    while (this.#running) {
      const holding = new Holding();
      this.holdings.push(holding);
      const teller: Teller = {
        command: (method, request) => this.#command(method, request),
        ask: (method, request, bearer) => this.#untilAnswered(method, request, bearer),
        random,
        admin,
      };
      try {
        const chapter = { lane, number: number++ };
        if (random.chance(0.03)) await tellOfPassword(teller, holding, chapter);
        else await tell(teller, holding, chapter, this);
      } catch (error) {
        holding.unsettle();
        const { code, details } = error as ServiceError;
        this.surprises.push(`${status[code] ?? ''} ${details ?? String(error)}`);
      }
    }
  }

  async #command<Request extends object, Response extends Answer>(
    method: Method<Request, Response>,
    request: Partial<Request>,
  ): Promise<Response> {
    const { admin } = this.#options;
    const commandId = randomUUID();
    const options = { commandId, reason: 'chaos' };
    const ask = () => this.#untilAnswered(method, { ...request, options }, admin);
    const answer = await ask();
    const { result } = answer;
    if (result === undefined) throw new Error(`${method.path} answered without a result`);
    const position = Number(result.position);
    if (position >= 0) this.acknowledged.push({ commandId, position });
    else {
      this.#held.push(async () => {
        const told = (await ask()).result;
        const { position: at = -1n, consistencyToken: token = '' } = told ?? {};
        return { commandId, position: Number(at), token };
      });
    }
    if (result.replayed) this.replayed += 1;
    return answer;
  }

  async #untilAnswered<Request extends object, Response>(
    method: Method<Request, Response>,
    request: Partial<Request>,
    bearer: string,
  ): Promise<Response> {
    const { identities, random, thinkMs } = this.#options;
    await sleep(random.between(0, thinkMs));
    // Whoever lags stays behind for as long as the ledger, or the one who is ahead, is away.
    let sinceMs = performance.now();
    for (;;) {
      const identity = identities[random.below(identities.length)];
      try {
        return await (identity as Endpoint).call(method, request, bearer);
      } catch (error) {
        const { code } = error as ServiceError;
        // A key that was made a moment ago is unknown to it, like everything else of that moment.
        const unknown =
          code === status.NOT_FOUND ||
          (code === status.UNAUTHENTICATED && bearer !== this.#options.admin);
        const notYet = unknown && performance.now() - sinceMs < notYetMs;
        if ((!isPassing(error) && !notYet) || !this.#patient) throw error;
        if (isPassing(error)) sinceMs = performance.now();
        this.unanswered += 1;
      }
      await sleep(random.between(10, 80));
    }
  }
}
