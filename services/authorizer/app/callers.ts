import { check, validUntilMs } from '#libs/access/evaluate/check.js';
import type { ViewState } from '#libs/access/projection/view-state.js';
import { ALLOW, QUARANTINED } from '#libs/access/reason-code.js';
import { Failure } from '#libs/errors/failure.js';
import { systemTenant } from '#libs/events/envelope.js';
import type { Clock } from '#libs/runtime/clock.js';
import { isApiKey } from '#libs/tokens/api-key.js';
import { andThen, type AtOnce } from './at-once.js';
import { BoundedCache, type CacheUse } from '#libs/runtime/bounded-cache.js';
import type { Call } from './call.js';
import { holderOf, isGood, type Credentials, type Holder, type Recognised } from './credentials.js';
import { stale, type LedgerView } from './ledger-view.js';
import { limits } from './limits.js';
import { cannotDecide } from './reasons.js';

/** Permissions of this service's own: defined in every tenant, asked for on its root. */
export const askPermission = 'ledgate.authorizer:ask';
export const askAnyPermission = 'ledgate.authorizer:ask-any';
export const explainPermission = 'ledgate.authorizer:explain';

/** Who asks, and what it may ask. Good for one state of the view, up to a time. */
export class Caller {
  readonly tenant: string;
  readonly principal: string;
  /** Who calls is a question like any other: it needs a state that is not older than this, ms. */
  readonly hardLimitMs: number;
  /** Its own credential. */
  readonly recognised: Recognised;
  readonly #holder: Holder;
  readonly #view: ViewState;
  #mayAskAny = false;
  #mayAskAnyUntilMs = Number.NEGATIVE_INFINITY;

  constructor(recognised: Recognised, holder: Holder, ledger: LedgerView) {
    const { view } = ledger;
    this.tenant = holder.tenant;
    this.principal = holder.principal;
    this.hardLimitMs = ledger.hardLimitMs(view.findTenant(holder.tenant), undefined);
    this.recognised = recognised;
    this.#holder = holder;
    this.#view = view;
  }

  /** A caller sees its own tenant; one of the system tenant sees all. */
  readonly sees = (tenant: string): boolean =>
    tenant === this.tenant || this.tenant === systemTenant;

  /** Whether it may name its subjects itself, without a credential of theirs. */
  mayAskAbout(tenant: string, nowMs: number): boolean {
    if (!(nowMs < this.#mayAskAnyUntilMs)) {
      this.#mayAskAny = this.#may(askAnyPermission, nowMs) === ALLOW;
      this.#mayAskAnyUntilMs = validUntilMs(this.#view);
    }
    return this.#mayAskAny && this.sees(tenant);
  }

  /** @throws Failure PERMISSION_DENIED */
  require(permission: string, nowMs: number): void {
    const code = this.#may(permission, nowMs);
    if (code === QUARANTINED) throw cannotDecide('QUARANTINED');
    if (code !== ALLOW) {
      throw new Failure('PERMISSION_DENIED', `you need the permission ${permission}`);
    }
  }

  #may(permission: string, nowMs: number): number {
    const { row, limits: own } = this.#holder;
    return check(this.#view, row, permission, '', nowMs, own);
  }
}

interface Admitted {
  readonly recognised: Recognised;
  readonly caller: Caller;
  readonly generation: number;
  readonly untilMs: number;
}

/**
 * Admits callers by their own credential. The exact text of the header is remembered with what was
 * recognised behind it; what can change is looked at anew as soon as the view has changed in any way
 * or the next expiry has come.
 */
export class Callers {
  readonly #ledger: LedgerView;
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  readonly #cache = new BoundedCache<Admitted>(limits.cachedCallers, limits.cacheMs);

  constructor(ledger: LedgerView, credentials: Credentials, clock: Clock) {
    this.#ledger = ledger;
    this.#credentials = credentials;
    this.#clock = clock;
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

  /**
   * Rejects CALLER_UNAUTHENTICATED, PERMISSION_DENIED without `ledgate.authorizer:ask`, STALE, and
   * NOT_YET_KNOWN.
   */
  admit(call: Call, nowMs: number): AtOnce<Caller> {
    const { header } = call;
    const known = this.#cache.get(header, nowMs);
    if (known === undefined) {
      const recognised = this.#recognise(call.bearer(), call.deadlineMs());
      return andThen(recognised, (one) => this.#judge(header, one, this.#clock.wallMs()));
    }
    const { generation } = this.#ledger;
    if (known.generation === generation && nowMs < known.untilMs) return this.#fresh(known.caller);
    return this.#judge(header, known.recognised, nowMs);
  }

  #recognise(credential: string | undefined, deadlineMs: number): AtOnce<Recognised> {
    if (credential === undefined) throw unauthenticated('no credential, or several');
    const kind = isApiKey(credential) ? 'API_KEY' : 'TOKEN';
    return this.#credentials.recognise({ kind, text: credential }, deadlineMs, () => true);
  }

  #judge(header: string, recognised: Recognised, nowMs: number): Caller {
    const { view, generation } = this.#ledger;
    const holder = holderOf(this.#ledger, recognised, nowMs);
    if (!isGood(holder)) {
      this.#cache.delete(header);
      if (holder.reason === 'QUARANTINED') throw cannotDecide('QUARANTINED');
      throw unauthenticated(holder.reason);
    }
    const caller = this.#fresh(new Caller(recognised, holder, this.#ledger));
    caller.require(askPermission, nowMs);
    const untilMs = validUntilMs(view);
    // What was recognised stays so until the credential's own end; its standing until `untilMs`.
    const admitted = { recognised, caller, generation, untilMs };
    this.#cache.set(header, admitted, nowMs, holder.limits.expiresAtMs);
    return caller;
  }

  #fresh(caller: Caller): Caller {
    const stalenessMs = this.#ledger.stalenessMs();
    if (stalenessMs > caller.hardLimitMs) throw stale(stalenessMs, caller.hardLimitMs);
    return caller;
  }
}

function unauthenticated(why: string): Failure {
  return new Failure('CALLER_UNAUTHENTICATED', 'the credential of the caller is not accepted', {
    cause: new Error(why),
  });
}
