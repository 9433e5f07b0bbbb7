import { Failure } from '#libs/errors/failure.js';
import { checkConsistencyPoint, decodeConsistencyToken } from '#libs/ledger/consistency-token.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Barrier, IdentityPort } from './identity-port.js';
import type { LedgerView } from './ledger-view.js';
import { limits } from './limits.js';
import type { Consistency } from './question.js';

/** Waits, bounded in number and time, until the state includes a position. */
export class PositionWait {
  readonly #ledger: LedgerView;
  readonly #clock: Clock;
  readonly #identity: IdentityPort | undefined;
  /** Calls that name a position themselves; and those whose verified token does, whom they must not keep out. */
  #asked = 0;
  #ahead = 0;
  /** The barrier that is being appended, and the one after it, for all who came meanwhile. */
  #barrier: Promise<Barrier> | undefined;
  #nextBarrier: Promise<Barrier> | undefined;

  constructor(ledger: LedgerView, clock: Clock, identity: IdentityPort | undefined) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#identity = identity;
  }

  get waiting(): number {
    return this.#asked + this.#ahead;
  }

  /**
   * For a token whose signature was verified, until both ledgers include what it names (S: −1, nothing):
   * "not yet" is never "no". Rejects NOT_YET_KNOWN.
   */
  async forToken(position: number, inS: number, deadlineMs: number): Promise<void> {
    const waitMs = this.#waitMs(limits.tokenWaitMs, deadlineMs);
    const reach = async (): Promise<boolean> => {
      const reached = await Promise.all([
        this.#ledger.reader.waitFor(position, waitMs),
        this.#reachInS(inS, waitMs),
      ]);
      return reached.every(Boolean);
    };
    if (this.#ahead < limits.waiters && (await this.#countedAhead(reach))) return;
    throw this.#notYetKnown();
  }

  /**
   * For a session token that nobody has: its session may be in what S holds and was not read yet.
   * Rejects NOT_YET_KNOWN.
   */
  async forSession(deadlineMs: number): Promise<void> {
    const waitMs = this.#waitMs(limits.tokenWaitMs, deadlineMs);
    if (this.#ahead >= limits.waiters) throw this.#notYetKnown();
    await this.#countedAhead(async () => {
      const end = await this.#ledger.endOfSessionLedger(waitMs);
      if (!(await this.#reachInS(end - 1, waitMs))) throw this.#notYetKnown();
    });
  }

  #notYetKnown(): Failure {
    return new Failure('NOT_YET_KNOWN', 'this authorizer has not read that far yet: try again', {
      retryAfterMs: limits.tokenWaitMs,
      facts: { position: String(this.#ledger.position) },
    });
  }

  /** Without a ledger S nothing in it is ever reached. */
  async #reachInS(position: number, waitMs: number): Promise<boolean> {
    if (position <= this.#ledger.sessionPosition) return true;
    return (await this.#ledger.sessionReader?.waitFor(position, waitMs)) === true;
  }

  /** `undefined`: the state is fresh enough already. Rejects DEADLINE_EXCEEDED or WRONG_CLUSTER. */
  forConsistency(consistency: Consistency, deadlineMs: number): Promise<void> | undefined {
    if (consistency === undefined) return undefined;
    if (consistency.kind === 'FULLY_CONSISTENT') return this.#afterBarrier(deadlineMs);
    return this.#atLeast(consistency.token, deadlineMs);
  }

  #atLeast(token: string, deadlineMs: number): Promise<void> | undefined {
    const point = decodeConsistencyToken(token, 'consistency.at_least_as_fresh');
    const { reader } = this.#ledger;
    const inS = point.session?.position ?? -1;
    const check = (): void => {
      const sessions = this.#ledger.sessionReader;
      checkConsistencyPoint(
        point,
        {
          ...this.#ledger.requireCluster(),
          chainAt: (position) => reader.window.chainAt(position),
        },
        sessions && { chainAt: (position) => sessions.window.chainAt(position) },
      );
    };
    // Whatever is wrong with the token shows before anything is waited for.
    check();
    if (point.position <= reader.position && inS <= this.#ledger.sessionPosition) return undefined;
    return this.#counted(() => this.#reach(point.position, inS, deadlineMs)).then(check);
  }

  async #afterBarrier(deadlineMs: number): Promise<void> {
    const identity = this.#identity;
    if (identity === undefined) {
      throw new Failure(
        'UNSUPPORTED',
        'fully_consistent needs an identity service, which this authorizer was not given',
      );
    }
    await this.#counted(async () => {
      const { position, sessionPosition } = await this.#sharedBarrier(identity);
      await this.#reach(position, sessionPosition, deadlineMs);
    });
  }

  /**
   * A barrier that is appended from now on. One at a time, so that the ledger does not grow with the
   * number of those who want one; whoever comes while one is under way waits for the next.
   */
  #sharedBarrier(identity: IdentityPort): Promise<Barrier> {
    if (this.#nextBarrier !== undefined) return this.#nextBarrier;
    if (this.#barrier === undefined) return this.#append(identity);
    this.#nextBarrier = this.#barrier
      .catch(() => undefined)
      .then(() => {
        this.#nextBarrier = undefined;
        return this.#append(identity);
      });
    return this.#nextBarrier;
  }

  #append(identity: IdentityPort): Promise<Barrier> {
    const barrier = identity.appendBarrier(limits.identityCallMs).finally(() => {
      this.#barrier = undefined;
    });
    this.#barrier = barrier;
    return barrier;
  }

  async #reach(position: number, inS: number, deadlineMs: number): Promise<void> {
    const waitMs = this.#waitMs(limits.consistencyWaitMs, deadlineMs);
    const reached = await Promise.all([
      this.#ledger.reader.waitFor(position, waitMs),
      this.#reachInS(inS, waitMs),
    ]);
    if (reached.every(Boolean)) return;
    throw new Failure('DEADLINE_EXCEEDED', 'the state did not come that far in time', {
      facts: { position: String(this.#ledger.position) },
    });
  }

  async #countedAhead<T>(wait: () => Promise<T>): Promise<T> {
    this.#ahead += 1;
    try {
      return await wait();
    } finally {
      this.#ahead -= 1;
    }
  }

  async #counted<T>(wait: () => Promise<T>): Promise<T> {
    if (this.#asked >= limits.waiters) {
      throw new Failure('OVERLOADED', 'too many calls are waiting for the ledger: retry later', {
        retryAfterMs: 500,
      });
    }
    this.#asked += 1;
    try {
      return await wait();
    } finally {
      this.#asked -= 1;
    }
  }

  #waitMs(mostMs: number, deadlineMs: number): number {
    return Math.max(1, Math.min(mostMs, deadlineMs - this.#clock.wallMs()));
  }
}
