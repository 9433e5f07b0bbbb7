import { Failure } from '#libs/errors/failure.js';
import type { AttemptFactor } from '#libs/events/catalogue.js';
import { sleep } from '#libs/runtime/clock.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import {
  executeSession,
  mayHoldSessions,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { ownCall } from '#services/identity/app/session-standing.js';
import { failedAttempts } from '#services/identity/domain/attempts/state.js';

export interface Account {
  readonly tenant: string;
  /** An existing one. */
  readonly principal: string;
}

/** Between two records of one account. */
const GATHER_MS = 1000;
/** Accounts that records are gathered for at the same time; beyond it failures are not recorded. */
const MOST_ACCOUNTS = 10_000;

/**
 * Tier 2 of the brakes on guessing: failures of existing accounts, in the ledger, so that every instance
 * knows of them and no restart forgets. They are appended after the answer, which never waits for it (how
 * long it takes would tell that the account exists), gathered to at most one record for each account and
 * second. So of one account no more can be guessed than `freeFailures` plus, for each instance, what
 * passes in a second of the brakes in memory, and then one for each delay.
 */
export class AttemptRecords {
  readonly #parts: IdentityParts;
  readonly #gathering = new Map<string, { failures: number }>();
  readonly #closing = new AbortController();

  constructor(parts: IdentityParts) {
    this.#parts = parts;
  }

  /** Throws TOO_MANY_REQUESTS while nothing of the account is compared. */
  requireUnthrottled({ tenant, principal }: Account, factor: AttemptFactor): void {
    const { sessions, clock } = this.#parts;
    const nowMs = clock.wallMs();
    const failed = failedAttempts(documentsOf(sessions.state), tenant, principal, factor, nowMs);
    const waitMs = (failed?.throttleUntilMs ?? 0) - nowMs;
    if (waitMs <= 0) return;
    throw new Failure('TOO_MANY_REQUESTS', 'too many attempts; wait before the next one', {
      retryAfterMs: waitMs,
    });
  }

  /** Notes a failure. Returns at once, and tells nobody what comes of it. */
  failed(account: Account, factor: AttemptFactor): void {
    if (this.#closing.signal.aborted || !mayHoldSessions(this.#parts)) return;
    const id = `${account.tenant},${account.principal},${factor}`;
    const open = this.#gathering.get(id);
    if (open !== undefined) {
      open.failures += 1;
      return;
    }
    if (this.#gathering.size >= MOST_ACCOUNTS) return;
    const gathered = { failures: 1 };
    this.#gathering.set(id, gathered);
    void this.#record(id, account, factor, gathered);
  }

  close(): void {
    this.#closing.abort();
  }

  /** The first at once, what comes while it is appended and within the second in the next one. */
  async #record(
    id: string,
    account: Account,
    factor: AttemptFactor,
    gathered: { failures: number },
  ): Promise<void> {
    const { log, clock } = this.#parts;
    const { signal } = this.#closing;
    while (gathered.failures > 0 && !signal.aborted) {
      const { failures } = gathered;
      gathered.failures = 0;
      const { principal } = account;
      const command = { type: 'RecordAttempts', principal, factor, failures } as const;
      await executeSession(this.#parts, ownCall(account), command).catch((error: unknown) =>
        log.warn({ err: error }, 'failed attempts could not be recorded'),
      );
      await sleep(clock, GATHER_MS, signal);
    }
    this.#gathering.delete(id);
  }
}
