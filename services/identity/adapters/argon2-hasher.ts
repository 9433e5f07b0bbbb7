import { randomBytes } from 'node:crypto';
import { argon2id, hash, needsRehash, verify } from 'argon2';
import { Failure } from '#libs/errors/failure.js';
import type { Clock } from '#libs/runtime/clock.js';
import { QueueFull, WorkQueue, type Rank } from '#libs/runtime/work-queue.js';
import type { PasswordHasher } from '#services/identity/ports/password-hasher.js';

export interface Argon2Cost {
  /** KiB. */
  readonly memoryCost: number;
  /** Passes over the memory. */
  readonly timeCost: number;
  readonly parallelism: number;
}

/** The least that OWASP ASVS 5.0 (11.4.2) accepts for argon2id. */
export const minimalCost: Argon2Cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export interface Argon2HasherOptions {
  readonly clock: Clock;
  readonly cost?: Argon2Cost;
  /** Hashes at once: the number of cores. */
  readonly parallel: number;
  /** Longest wait in the queue, ms. Default 2000. */
  readonly maxWaitMs?: number;
}

/**
 * argon2id on the thread pool: the event loop never waits for it. `UV_THREADPOOL_SIZE` must exceed
 * `parallel`, or name look-ups and file access wait behind the hashes.
 */
export class Argon2Hasher implements PasswordHasher {
  readonly params: string;
  readonly #cost: Argon2Cost;
  readonly #queue: WorkQueue;
  #dummy: Promise<string> | undefined;

  constructor(options: Argon2HasherOptions) {
    this.#cost = options.cost ?? minimalCost;
    const { memoryCost, timeCost, parallelism } = this.#cost;
    this.params = `argon2id$m=${memoryCost},t=${timeCost},p=${parallelism}`;
    this.#queue = new WorkQueue({
      clock: options.clock,
      concurrency: options.parallel,
      maxWaitMs: options.maxWaitMs ?? 2000,
      expectedMs: 30,
    });
  }

  /** Hashes that wait for a core now. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  hash(password: string, signal?: AbortSignal): Promise<string> {
    return this.#inTurn(() => this.#hash(password), signal);
  }

  async verify(
    stored: string | undefined,
    password: string,
    signal?: AbortSignal,
    rank: Rank = 'first',
  ): Promise<boolean> {
    const dummy = await this.dummyHash();
    const matches = await this.#inTurn(() => verify(stored ?? dummy, password), signal, rank);
    return stored !== undefined && matches;
  }

  needsRehash(stored: string): boolean {
    return !stored.startsWith('$argon2id$') || needsRehash(stored, { ...this.#cost });
  }

  /** Hash of a random password that nobody knows; made once, in advance of the first look-up. */
  dummyHash(): Promise<string> {
    this.#dummy ??= this.#hash(randomBytes(32).toString('base64url'));
    return this.#dummy;
  }

  async #inTurn<T>(
    work: () => Promise<T>,
    signal: AbortSignal | undefined,
    rank: Rank = 'first',
  ): Promise<T> {
    try {
      return await this.#queue.run(work, signal, rank);
    } catch (cause) {
      if (!(cause instanceof QueueFull)) throw cause;
      throw new Failure('OVERLOADED', 'too many passwords are being checked; try again later', {
        retryAfterMs: cause.retryAfterMs,
        cause,
      });
    }
  }

  #hash(password: string): Promise<string> {
    return hash(password, { type: argon2id, hashLength: 32, ...this.#cost });
  }
}
