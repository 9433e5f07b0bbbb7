import { check } from '#libs/access/evaluate/check.js';
import { whyNoRow } from '#libs/access/evaluate/decide.js';
import { allowingPaths, type GrantPath } from '#libs/access/evaluate/grant-path.js';
import { tenantStatus } from '#libs/access/evaluate/subject-status.js';
import { unlimited } from '#libs/access/projection/api-key.js';
import type { ViewState } from '#libs/access/projection/view-state.js';
import {
  ALLOW,
  QUARANTINED,
  reasonName,
  RESOURCE_INVALID,
  UNKNOWN_PERMISSION,
  type ReasonName,
} from '#libs/access/reason-code.js';
import { resourceProblem } from '#libs/access/resource.js';
import { nextTurn } from './replay.js';
import { SmallestTexts, type Part } from './smallest-texts.js';

export interface WhoQuestion {
  readonly tenant: string;
  readonly action: string;
  readonly resource: string;
  readonly nowMs: number;
}

export interface PrincipalThatCan {
  readonly principal: string;
  readonly kind: 'USER' | 'SERVICE';
  /** Grants that allow it, its own first. */
  readonly ways: readonly GrantPath[];
}

export interface WhoCan {
  readonly principals: readonly PrincipalThatCan[];
  readonly more: boolean;
  /** Why nobody can at all; `undefined`: somebody might. */
  readonly reason: ReasonName | undefined;
  /** Principals of whom it cannot be told (quarantine). */
  readonly undecided: number;
}

/** Principals judged between two turns of the event loop. */
const principalsATurn = 512;
const waysShown = 10;

/**
 * Every principal of a tenant for which `check` answers ALLOW, without the limits of any credential;
 * by id (UTF-16 code units).
 */
export async function whoCan(view: ViewState, question: WhoQuestion, part: Part): Promise<WhoCan> {
  const reason = whyNobody(view, question);
  if (reason !== undefined) return { principals: [], more: false, reason, undecided: 0 };
  const { action, resource, nowMs } = question;
  const allowed = new SmallestTexts(part);
  let undecided = 0;
  for await (const row of rowsOf(view, question.tenant)) {
    const code = check(view, row, action, resource, nowMs, unlimited);
    if (code === QUARANTINED) undecided += 1;
    if (code === ALLOW) allowed.offer(view.principals.idOf(row));
  }
  const principals = allowed.taken.map((id) => thatCan(view, question, id));
  return { principals, more: allowed.more, reason: undefined, undecided };
}

/** Rows of all principals of a tenant, in the order of the view. Lets others go first now and then. */
export async function* rowsOf(view: ViewState, tenant: string): AsyncGenerator<number> {
  const { principals } = view;
  const index = view.findTenant(tenant)?.index;
  for (let row = 0; row < principals.length; row++) {
    if (row % principalsATurn === principalsATurn - 1) await nextTurn();
    if (principals.tenantOf(row) === index) yield row;
  }
}

/** What is wrong with the question itself. */
function whyNobody(view: ViewState, question: WhoQuestion): ReasonName | undefined {
  const tenant = view.findTenant(question.tenant);
  if (tenant === undefined) return reasonName(whyNoRow(view, question.tenant, ''));
  const status = tenantStatus(view, tenant);
  if (status !== ALLOW) return reasonName(status);
  // What could not be read might define it: then each principal is undecided.
  if (view.quarantined.size > 0) return undefined;
  const permission = tenant.permissions.get(question.action);
  if (permission === undefined || permission.retired) return reasonName(UNKNOWN_PERMISSION);
  if (resourceProblem(question.resource) !== undefined) return reasonName(RESOURCE_INVALID);
  return undefined;
}

function thatCan(view: ViewState, question: WhoQuestion, principal: string): PrincipalThatCan {
  const { tenant, action, resource, nowMs } = question;
  const row = view.principalRow(tenant, principal);
  const ways = allowingPaths(view, row, action, resource, nowMs).slice(0, waysShown);
  const kind = view.principals.isService(row) ? 'SERVICE' : 'USER';
  return { principal, kind, ways };
}
