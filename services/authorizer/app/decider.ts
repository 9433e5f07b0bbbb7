import type { Method } from '#libs/audit/decision-line.js';
import { check, validUntilMs } from '#libs/access/evaluate/check.js';
import { whyNoRow } from '#libs/access/evaluate/decide.js';
import { suspendedUntil } from '#libs/access/evaluate/subject-status.js';
import { unlimited, type CredentialLimits } from '#libs/access/projection/api-key.js';
import type { Permission, Tenant } from '#libs/access/projection/tenant.js';
import { reasonName } from '#libs/access/reason-code.js';
import type { Answer, Answered, Outcome } from './answers.js';
import type { Caller } from './callers.js';
import { holderOf, isGood, withoutForeign, type Holder, type Recognised } from './credentials.js';
import type { DecisionCounts } from './decision-counts.js';
import type { DecisionIds } from './decision-ids.js';
import type { DecisionLog } from './decision-log/decision-log.js';
import { ruleEndpoint, type AskedEndpoint } from './endpoint-ruling.js';
import type { EndpointAnswer } from './endpoint-answer.js';
import type { LedgerView } from './ledger-view.js';
import type { Subject } from './question.js';
import { isUndecided, type Reason } from './reasons.js';

/** Whom a question is about, as far as it was recognised. */
export type Asked = Subject | Recognised;

export interface Action {
  readonly action: string;
  readonly resource: string;
  /** In place of both: the rule of the endpoint says what they are. */
  readonly endpoint?: AskedEndpoint | undefined;
}

/** Where decisions are written down. */
export type Recorder = Pick<DecisionLog, 'wants' | 'hasRoom' | 'record'>;

/** Whom an answer is about, and why not if the answer is no. */
interface Ruling {
  readonly reason: Reason;
  readonly tenant: string;
  readonly principal: string;
  readonly validUntilMs: number;
  /** What was looked up on the way, as far as it was. */
  readonly found: Tenant | undefined;
  readonly permission: Permission | undefined;
  readonly endpoint?: EndpointAnswer | undefined;
}

/** When something is decided, and how old the state is then. */
interface Moment {
  readonly nowMs: number;
  readonly stalenessMs: number;
}

/** Decides questions on the view as it is now. Synchronous; waits nowhere. */
export class Decider {
  readonly #ledger: LedgerView;
  readonly #ids: DecisionIds;
  readonly #counts: DecisionCounts;
  /** `undefined`: decisions are not written down. */
  readonly #log: Recorder | undefined;

  constructor(
    ledger: LedgerView,
    ids: DecisionIds,
    counts: DecisionCounts,
    log: Recorder | undefined,
  ) {
    this.#ledger = ledger;
    this.#ids = ids;
    this.#counts = counts;
    this.#log = log;
  }

  /** Never throws: what cannot be decided is an answer too (`CANNOT_DECIDE`). */
  decide(caller: Caller, asked: Asked, action: Action, nowMs: number, method: Method): Answer {
    const stalenessMs = this.#ledger.stalenessMs();
    const moment = { nowMs, stalenessMs };
    const ruling =
      action.endpoint === undefined
        ? this.#rule(caller, asked, action, moment)
        : this.#ruleCall(caller, asked, action.endpoint, moment);
    const tenant = ruling.found ?? this.#ledger.view.findTenant(ruling.tenant);
    const answered = this.#ledger.answered(tenant, stalenessMs);
    const answer = this.#recordable(this.#answer(ruling, answered), ruling.permission, nowMs);
    this.#counts.count(answer.outcome, answer.reason);
    const log = this.#log;
    if (log === undefined) return answer;
    if (log.wants(answer, ruling.permission ?? tenant?.permissions.get(action.action))) {
      const { fold } = this.#ledger;
      const state = { epoch: fold.cluster?.epoch ?? 1, early: fold.early.size > 0 };
      log.record({ answer, caller, asked, ...judged(action, answer), method, nowMs, ...state });
    }
    return answer;
  }

  /** An ALLOW that must be recorded is none where it cannot be. */
  #recordable(answer: Answer, permission: Permission | undefined, nowMs: number): Answer {
    if (answer.outcome !== 'ALLOW' || permission?.auditRequired !== true) return answer;
    if (this.#log?.hasRoom === true) return answer;
    const undecided = { outcome: 'CANNOT_DECIDE', reason: 'NOT_RECORDED' } as const;
    const { endpoint } = answer;
    const refused = endpoint && { ...endpoint, httpStatus: 503 };
    return { ...answer, ...undecided, validUntilMs: nowMs, endpoint: refused };
  }

  /** The answer to a question that cannot be decided for a reason of its own. */
  undecided(reason: Reason): Answer {
    this.#counts.count('CANNOT_DECIDE', reason);
    return this.#answer(nobody(reason), this.#ledger.answered(undefined));
  }

  #answer(ruling: Ruling, answered: Answered): Answer {
    return {
      outcome: outcomeOf(ruling.reason),
      reason: ruling.reason,
      tenant: ruling.tenant,
      principal: ruling.principal,
      validUntilMs: ruling.validUntilMs,
      answered,
      decisionId: this.#ids.next(),
      endpoint: ruling.endpoint,
    };
  }

  #rule(caller: Caller, asked: Asked, action: Action, moment: Moment): Ruling {
    const { nowMs } = moment;
    if (asked.kind === 'SUBJECT') {
      if (!caller.mayAskAbout(asked.tenant, nowMs)) return nobody('CALLER_NOT_PERMITTED');
      const row = this.#ledger.view.principalRow(asked.tenant, asked.principal);
      return this.#of(asked.tenant, asked.principal, row, unlimited, action, moment);
    }
    const holder = withoutForeign(holderOf(this.#ledger, asked, nowMs), caller.sees);
    if (!isGood(holder)) return this.#refused(holder);
    const { tenant, principal, row, limits } = holder;
    return this.#of(tenant, principal, row, limits, action, moment);
  }

  /** A call of an endpoint: the rules are those of the tenant whose API it is. */
  #ruleCall(caller: Caller, asked: Asked, endpoint: AskedEndpoint, moment: Moment): Ruling {
    const { nowMs, stalenessMs } = moment;
    const ledger = this.#ledger;
    const owner = endpoint.tenant === '' ? caller.tenant : endpoint.tenant;
    if (!caller.sees(owner)) return nobody('CALLER_NOT_PERMITTED');
    const rules = {
      view: ledger.view,
      owner,
      nowMs,
      isStale: (
        tenant: Tenant | undefined,
        permission: Permission | undefined,
        mostMs = Infinity,
      ) => stalenessMs > Math.min(ledger.limitMs(tenant, permission), mostMs),
    };
    if (asked.kind === 'SUBJECT') {
      if (!caller.mayAskAbout(asked.tenant, nowMs)) return nobody('CALLER_NOT_PERMITTED');
      return ruleEndpoint(rules, endpoint, asked);
    }
    const holder = withoutForeign(holderOf(ledger, asked, nowMs), caller.sees);
    return ruleEndpoint(rules, endpoint, { kind: 'HOLDER', holder });
  }

  /** Of the refusals only a suspension ends by itself. */
  #refused({ reason, tenant, principal, row }: Holder): Ruling {
    const ends = reason === 'PRINCIPAL_SUSPENDED';
    const validUntil = ends ? suspendedUntil(this.#ledger.view, row) : Number.POSITIVE_INFINITY;
    return ruled(reason, tenant, principal, validUntil);
  }

  #of(
    tenant: string,
    principal: string,
    row: number,
    limits: CredentialLimits,
    { action, resource }: Action,
    { nowMs, stalenessMs }: Moment,
  ): Ruling {
    const { view } = this.#ledger;
    const found = view.findTenant(tenant);
    const permission = found?.permissions.get(action);
    if (stalenessMs > this.#ledger.limitMs(found, permission)) {
      return ruled('STALE', tenant, principal, nowMs, found, permission);
    }
    if (row < 0) {
      const why = reasonName(whyNoRow(view, tenant, principal));
      return ruled(why, tenant, principal, Number.POSITIVE_INFINITY, found, permission);
    }
    const reason = reasonName(check(view, row, action, resource, nowMs, limits));
    return ruled(reason, tenant, principal, validUntilMs(view), found, permission);
  }
}

/** What was judged in the end: of a call, what its rule asked for. */
function judged({ action, resource, endpoint }: Action, answer: Answer) {
  if (endpoint === undefined) return { action, resource };
  const { rule, resource: named = '' } = answer.endpoint ?? {};
  return { action: rule?.permission ?? '', resource: named, endpoint };
}

function ruled(
  reason: Reason,
  tenant: string,
  principal: string,
  validUntilMs: number,
  found?: Tenant,
  permission?: Permission,
): Ruling {
  return { reason, tenant, principal, validUntilMs, found, permission };
}

function nobody(reason: Reason): Ruling {
  return ruled(reason, '', '', Number.POSITIVE_INFINITY);
}

function outcomeOf(reason: Reason): Outcome {
  if (reason === 'ALLOWED') return 'ALLOW';
  return isUndecided(reason) ? 'CANNOT_DECIDE' : 'DENY';
}
