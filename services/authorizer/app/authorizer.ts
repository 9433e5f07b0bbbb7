import type { Method } from '#libs/audit/decision-line.js';
import { roleNames } from '#libs/access/evaluate/list-permissions.js';
import { Failure } from '#libs/errors/failure.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Answer, Authentication, Identity } from './answers.js';
import { andThen, type AtOnce } from './at-once.js';
import type { Call } from './call.js';
import type { Caller, Callers } from './callers.js';
import { holderOf, isGood, withoutForeign, type Credentials, type Holder } from './credentials.js';
import type { Asked, Decider } from './decider.js';
import { stale, type LedgerView } from './ledger-view.js';
import { limits } from './limits.js';
import type { PositionWait } from './position-wait.js';
import type { Consistency, Credential, Question, Who } from './question.js';
import { cannotDecide, isUndecided } from './reasons.js';

export interface AuthorizerParts {
  readonly ledger: LedgerView;
  readonly callers: Callers;
  readonly credentials: Credentials;
  readonly decider: Decider;
  readonly wait: PositionWait;
  readonly clock: Clock;
}

/**
 * The questions that are answered from memory. Each goes the same way: the caller is admitted, the
 * state is made fresh enough, the credential is recognised, and then everything is decided in one turn
 * on one state. Only the first three may wait.
 */
export class Authorizer {
  readonly #parts: AuthorizerParts;

  constructor(parts: AuthorizerParts) {
    this.#parts = parts;
  }

  /** Rejects with why nothing can be decided; a denial is an answer. */
  authorize(call: Call, question: Question, consistency: Consistency): AtOnce<Answer> {
    return andThen(this.admit(call, consistency), (caller) =>
      this.#recognised(call, caller, this.recognise(question.who, call, caller), (asked, asker) =>
        decided(this.#decide(asker, asked, question, 'Authorize')),
      ),
    );
  }

  /**
   * All are decided on one state; the answers are in the order of the questions. What a single
   * question would be rejected with is the answer `CANNOT_DECIDE` here: it concerns that one only.
   */
  batch(
    call: Call,
    questions: readonly Question[],
    consistency: Consistency,
  ): AtOnce<readonly Answer[]> {
    return andThen(this.admit(call, consistency), (caller) => {
      const once = new Map<string, AtOnce<Asked | Failure>>();
      const asked = questions.map(({ who }) => this.#recogniseOnce(who, call, caller, once));
      return this.#recognised(call, caller, allOf(asked), (ones, asker) =>
        questions.map((question, i) => this.#decideOne(asker, ones[i], question)),
      );
    });
  }

  authenticate(
    call: Call,
    credential: Credential,
    consistency: Consistency,
  ): AtOnce<Authentication> {
    return andThen(this.admit(call, consistency), (caller) => {
      const { credentials, ledger, clock } = this.#parts;
      const recognised = credentials.recognise(credential, call.deadlineMs(), caller.sees);
      return this.#recognised(call, caller, recognised, (one, asker) => {
        const nowMs = clock.wallMs();
        const holder = withoutForeign(holderOf(ledger, one, nowMs), asker.sees);
        return this.#authentication(holder, nowMs);
      });
    });
  }

  /** The caller, once the state is as fresh as it wants; NOT_READY or DIVERGED before all else. */
  admit(call: Call, consistency: Consistency): AtOnce<Caller> {
    const { ledger, callers, wait, clock } = this.#parts;
    ledger.requireCluster();
    const caller = callers.admit(call, clock.wallMs());
    if (consistency === undefined) return caller;
    return andThen(caller, (admitted) => {
      const waited = wait.forConsistency(consistency, call.deadlineMs());
      if (waited === undefined) return admitted;
      // Meanwhile the caller may have lost its rights: it is admitted by the state it waited for.
      return waited.then(() => {
        ledger.requireCluster();
        return callers.admit(call, clock.wallMs());
      });
    });
  }

  recognise(who: Who, call: Call, caller: Caller): AtOnce<Asked> {
    if (who.kind === 'SUBJECT') return who;
    if (who.kind === 'NOBODY') return nothingPresented;
    return this.#parts.credentials.recognise(who, call.deadlineMs(), caller.sees);
  }

  /** Goes on with what was recognised. Whoever had to wait for it is admitted again before. */
  #recognised<T, R>(
    call: Call,
    caller: Caller,
    recognised: AtOnce<T>,
    next: (recognised: T, caller: Caller) => AtOnce<R>,
  ): AtOnce<R> {
    if (!(recognised instanceof Promise)) return next(recognised, caller);
    return recognised.then((late) =>
      andThen(this.admit(call, undefined), (again) => next(late, again)),
    );
  }

  /** A DPoP proof is taken once: questions of one batch that present the same are one presentation. */
  #recogniseOnce(
    who: Who,
    call: Call,
    caller: Caller,
    once: Map<string, AtOnce<Asked | Failure>>,
  ): AtOnce<Asked | Failure> {
    const dpop = who.kind === 'TOKEN' ? who.proof?.dpop : undefined;
    if (who.kind !== 'TOKEN' || dpop === undefined) return this.#recogniseOne(who, call, caller);
    const key = JSON.stringify([who.text, dpop.proof, dpop.httpMethod, dpop.httpUri]);
    const known = once.get(key);
    if (known !== undefined) return known;
    const asked = this.#recogniseOne(who, call, caller);
    once.set(key, asked);
    return asked;
  }

  #recogniseOne(who: Who, call: Call, caller: Caller): AtOnce<Asked | Failure> {
    try {
      const asked = this.recognise(who, call, caller);
      return asked instanceof Promise ? asked.catch(onlyFailure) : asked;
    } catch (thrown) {
      return onlyFailure(thrown);
    }
  }

  #decide(caller: Caller, asked: Asked, question: Question, method: Method): Answer {
    const { decider, clock } = this.#parts;
    return decider.decide(caller, asked, question, clock.wallMs(), method);
  }

  #decideOne(caller: Caller, asked: Asked | Failure | undefined, question: Question): Answer {
    if (asked === undefined) throw new TypeError('a question was lost');
    if (!(asked instanceof Failure)) {
      return this.#decide(caller, asked, question, 'BatchAuthorize');
    }
    // A token from ahead, or a password for which identity cannot be had: the others go on.
    const ahead = asked.reason === 'NOT_YET_KNOWN';
    return this.#parts.decider.undecided(ahead ? 'NOT_YET_KNOWN' : 'IDENTITY_UNAVAILABLE');
  }

  #authentication(holder: Holder, nowMs: number): Authentication {
    const { ledger } = this.#parts;
    if (holder.reason === 'QUARANTINED') throw cannotDecide('QUARANTINED');
    const tenant = ledger.view.findTenant(holder.tenant);
    const answered = ledger.answered(tenant);
    const limitMs = ledger.hardLimitMs(tenant, undefined);
    if (answered.stalenessMs > limitMs) throw stale(answered.stalenessMs, limitMs);
    if (!isGood(holder)) return { identity: undefined, reason: holder.reason, answered };
    return { identity: identityOf(ledger, holder, nowMs), answered };
  }
}

const nothingPresented: Asked = Object.freeze({ kind: 'REFUSED', reason: 'CREDENTIAL_MISSING' });

/** Of one question: an answer that decides, or the rejection that says why there is none. */
export function decided(answer: Answer): Answer {
  if (isUndecided(answer.reason)) throw cannotDecide(answer.reason);
  return answer;
}

function allOf<T>(values: readonly AtOnce<T>[]): AtOnce<readonly T[]> {
  const isHere = (value: AtOnce<T>): value is T => !(value instanceof Promise);
  if (values.every(isHere)) return values;
  return Promise.all(values.map((value) => Promise.resolve(value)));
}

function identityOf({ view }: LedgerView, holder: Holder, nowMs: number): Identity {
  const { tenant, principal, row } = holder;
  return {
    tenant,
    principal,
    principalKind: view.principals.isService(row) ? 'SERVICE' : 'USER',
    credentialKind: holder.kind,
    credential: holder.credential,
    session: holder.session,
    client: holder.client,
    acr: holder.acr,
    authTimeMs: holder.authTimeMs,
    roles: roleNames(view, row, nowMs).slice(0, limits.roles),
    scopes: holder.limits.scopes,
    amr: holder.amr,
    expiresAtMs: holder.limits.expiresAtMs,
  };
}

function onlyFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  throw thrown;
}
