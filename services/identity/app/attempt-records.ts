import { setMaxListeners } from 'node:events';
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
  readonly #parts: () => IdentityParts;
  readonly #gathering = new Map<string, { failures: number }>();
  readonly #closing = new AbortController();

  /** `parts`: they hold this in their turn. */
  constructor(parts: () => IdentityParts) {
    this.#parts = parts;
    // One for each account that failures are gathered of.
    setMaxListeners(0, this.#closing.signal);
  }

  /** Whether nothing of the account is compared now, for whoever is a stranger to it. */
  throttled({ tenant, principal }: Account, factor: AttemptFactor): boolean {
    const { sessions, clock } = this.#parts();
    const nowMs = clock.wallMs();
    const failed = failedAttempts(documentsOf(sessions.state), tenant, principal, factor, nowMs);
    return (failed?.throttleUntilMs ?? 0) > nowMs;
  }

  /** Notes a failure. Returns at once, and tells nobody what comes of it. */
  failed(account: Account, factor: AttemptFactor): void {
    if (this.#closing.signal.aborted || !mayHoldSessions(this.#parts())) return;
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

  /** A while after the first: the work is not done in the same moment as the answer to anybody. */
  async #record(
    id: string,
    account: Account,
    factor: AttemptFactor,
    gathered: { failures: number },
  ): Promise<void> {
    const parts = this.#parts();
    const { log, clock } = parts;
    const { signal } = this.#closing;
    await sleep(clock, GATHER_MS, signal);
    while (gathered.failures > 0 && !signal.aborted) {
      const { failures } = gathered;
      gathered.failures = 0;
      const { principal } = account;
      const command = { type: 'RecordAttempts', principal, factor, failures } as const;
      await executeSession(parts, ownCall(account), command).catch((error: unknown) =>
        log.warn({ err: error }, 'failed attempts could not be recorded'),
      );
      await sleep(clock, GATHER_MS, signal);
    }
    this.#gathering.delete(id);
  }
}
