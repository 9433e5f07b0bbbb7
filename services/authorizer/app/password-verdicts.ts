import { createHmac } from 'node:crypto';
import { passwordStatus, type VerifiedPassword } from '#libs/access/evaluate/credential-status.js';
import { ALLOW } from '#libs/access/reason-code.js';
import { Failure } from '#libs/errors/failure.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Random } from '#libs/runtime/ids.js';
import type { AtOnce } from './at-once.js';
import { BoundedCache, type CacheUse } from '#libs/runtime/bounded-cache.js';
import type { IdentityPort, PasswordClaim } from './identity-port.js';
import type { LedgerView } from './ledger-view.js';
import { limits } from './limits.js';

/** What is known of a user name and password: who it is, or that it is wrong. */
export type PasswordVerdict = VerifiedPassword | 'REJECTED';

/**
 * HTTP Basic without hashing passwords on every request: identity is asked once, and its yes is kept
 * for a minute, under an HMAC by a key that only this process has. It counts only while the own view
 * shows the very same credential version. A no is never kept.
 */
export class PasswordVerdicts {
  readonly #identity: IdentityPort | undefined;
  readonly #ledger: LedgerView;
  readonly #clock: Clock;
  readonly #key: Uint8Array;
  readonly #cache = new BoundedCache<VerifiedPassword>(limits.cachedPasswords, limits.passwordMs);
  readonly #asking = new Map<string, Promise<PasswordVerdict>>();

  constructor(
    identity: IdentityPort | undefined,
    ledger: LedgerView,
    clock: Clock,
    random: Random,
  ) {
    this.#identity = identity;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#key = Uint8Array.from(random.bytes(32));
  }

  get cacheUse(): CacheUse {
    return this.#cache.use;
  }

  get size(): number {
    return this.#cache.size;
  }

  sweep(nowMs: number): void {
    this.#cache.sweep(nowMs);
  }

  /** Rejects UNSUPPORTED without identity, OVERLOADED, and whatever identity answers with. */
  check(claim: PasswordClaim, timeoutMs: number): AtOnce<PasswordVerdict> {
    const name = this.#nameOf(claim);
    const cached = this.#cache.get(name, this.#clock.wallMs());
    if (cached !== undefined && this.#isCurrent(cached)) return cached;
    this.#cache.delete(name);
    const asking = this.#asking.get(name);
    if (asking !== undefined) return asking;
    if (this.#identity === undefined) {
      throw new Failure(
        'UNSUPPORTED',
        'this authorizer checks no passwords: it was given no identity service',
      );
    }
    if (this.#asking.size >= limits.identityCalls) {
      throw new Failure('OVERLOADED', 'too many passwords are being checked: retry later', {
        retryAfterMs: 500,
      });
    }
    const answer = this.#ask(this.#identity, claim, name, timeoutMs).finally(() =>
      this.#asking.delete(name),
    );
    this.#asking.set(name, answer);
    return answer;
  }

  async #ask(
    identity: IdentityPort,
    claim: PasswordClaim,
    name: string,
    timeoutMs: number,
  ): Promise<PasswordVerdict> {
    const verified = await identity.verifyPassword(claim, timeoutMs);
    // Whoever identity names must be of the tenant that was asked about.
    if (verified === undefined || verified.tenant !== claim.tenant) return 'REJECTED';
    const nowMs = this.#clock.wallMs();
    if (this.#isCurrent(verified)) this.#cache.set(name, verified, nowMs, Number.POSITIVE_INFINITY);
    return verified;
  }

  /** Another version than ours: theirs or ours is old, so the verdict must not outlive this call. */
  #isCurrent(password: VerifiedPassword): boolean {
    return passwordStatus(this.#ledger.view, password, this.#clock.wallMs()) === ALLOW;
  }

  /** Length-prefixed, so that no two claims have one name. */
  #nameOf({ tenant, username, password }: PasswordClaim): string {
    const mac = createHmac('sha256', this.#key);
    for (const part of [tenant, username, password]) {
      const bytes = Buffer.from(part, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      mac.update(length).update(bytes);
    }
    return mac.digest('base64url');
  }
}
