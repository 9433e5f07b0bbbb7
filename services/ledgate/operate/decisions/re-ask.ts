import type { DecisionLine, LoggedAsker } from '#libs/audit/decision-line.js';
import type { AccessView } from '#libs/access/projection/access-view.js';
import type { VerdictWindow } from '#libs/ledger/verdict-window.js';
import type { AccessFold } from '#services/authorizer/app/access-fold.js';
import { Caller } from '#services/authorizer/app/callers.js';
import { holderOf, type Recognised } from '#services/authorizer/app/credentials.js';
import { Decider, type Asked, type Recorder } from '#services/authorizer/app/decider.js';
import { DecisionCounts } from '#services/authorizer/app/decision-counts.js';
import { DecisionIds } from '#services/authorizer/app/decision-ids.js';
import type { AskedEndpoint } from '#services/authorizer/app/endpoint-ruling.js';
import { LedgerView, type Follower } from '#services/authorizer/app/ledger-view.js';

export type ReAsked =
  | { readonly kind: 'answered'; readonly outcome: string; readonly reason: string }
  /** The line does not hold what the answer rested on. */
  | { readonly kind: 'not re-askable'; readonly why: string };

/** The state of the ledger at one position, and the history up to there. */
export interface PastState {
  readonly fold: AccessFold;
  readonly window: VerdictWindow;
}

/** It was recorded: here it is. */
const recorded: Recorder = { hasRoom: true, wants: () => false, record: () => {} };
const noRandom = { bytes: (count: number): Uint8Array => new Uint8Array(count) };

/**
 * Asks the question of a line again, of the same state, at the same time, by the same code that
 * answered it then. What depended on anything but ledger, line and time is said not to be re-askable.
 */
export function reAsk(line: DecisionLine, past: PastState): ReAsked {
  const { action, resource, atMs } = line;
  const why = whyNot(line);
  if (why !== undefined) return { kind: 'not re-askable', why };
  const ledger = viewOf(line, past);
  const [asked, caller] = [recognised(line.asked, ledger.view), callerOf(line, ledger)];
  if (asked === undefined || caller === undefined) {
    return { kind: 'answered', outcome: 'DENY', reason: 'CREDENTIAL_UNKNOWN' };
  }
  const decider = new Decider(ledger, new DecisionIds(noRandom), new DecisionCounts(), recorded);
  const endpoint = ruleOf(line);
  const question = { action: action ?? '', resource: resource ?? '', endpoint };
  const answer = decider.decide(caller, asked, question, atMs, line.method);
  if (line.early === true && line.outcome === 'DENY' && answer.reason !== line.reason) {
    return { kind: 'not re-askable', why: `${line.reason} may rest on a revocation that was held` };
  }
  return { kind: 'answered', outcome: answer.outcome, reason: answer.reason };
}

/** Reasons to deny that come from ledger S alone: it never allows what L does not. */
const restsOnS: ReadonlySet<string> = new Set([
  'SESSION_UNKNOWN',
  'SESSION_ENDED',
  'SESSION_IDLE',
  'SESSION_EXPIRED',
  'TOKEN_REVOKED',
  'FAMILY_REVOKED',
]);

/** Of a call: the rule that was found for it then, with the resource that it named. */
function ruleOf({ endpoint, resource }: DecisionLine): AskedEndpoint | undefined {
  if (endpoint === undefined) return undefined;
  const { tenant, api, rule } = endpoint;
  return { tenant, api: api ?? '', rule: rule ?? '', resource: resource ?? '' };
}

function whyNot(line: DecisionLine): string | undefined {
  const { action, resource, asked, caller, reason, endpoint } = line;
  if (endpoint !== undefined && (endpoint.rule === null || reason === 'RESOURCE_INVALID')) {
    return `${reason} rests on the path of the call, which is not recorded`;
  }
  if (asked.kind === 'REFUSED') return `${asked.reason} was found on the credential itself`;
  if (asked.kind === 'UNKNOWN_API_KEY') return 'the API key is of nobody, and not recorded';
  if (caller.kind !== 'API_KEY' && caller.kind !== 'TOKEN') return 'the caller is not recorded';
  if (asked.kind === 'SUBJECT' && (asked.tenant === null || asked.principal === null)) {
    return 'the ledger did not know the subject, and it is not recorded';
  }
  if (asked.kind === 'SESSION' || asked.kind === 'UNKNOWN_SESSION') {
    return 'what the session was then is in ledger S, which is kept for a time only';
  }
  if (restsOnS.has(reason)) return `${reason} rests on ledger S, which is kept for a time only`;
  if (action === null) return 'the action is no permission, and is not recorded';
  if (resource === null) return 'the resource looked like a credential, and is not recorded';
  if (reason === 'NOT_RECORDED') return 'NOT_RECORDED depends on the buffer of the log';
  return undefined;
}

/** A view of the past that is as old as it was then, under the limits of that authorizer. */
function viewOf(line: DecisionLine, { fold, window }: PastState): LedgerView {
  const { hardMs, sensitiveMs } = line;
  const stalenessMs = line.stalenessMs ?? Number.POSITIVE_INFINITY;
  const follower: Follower = {
    position: line.position,
    state: 'following',
    failure: undefined,
    window,
    stalenessMs: () => stalenessMs,
    waitFor: () => Promise.resolve(false),
  };
  return new LedgerView(follower, fold, { softMs: hardMs, hardMs, sensitiveMs });
}

function callerOf(line: DecisionLine, ledger: LedgerView): Caller | undefined {
  const one = recognised(line.caller, ledger.view);
  if (one === undefined || one.kind === 'SUBJECT') return undefined;
  return new Caller(one, holderOf(ledger, one, line.atMs), ledger);
}

/** `undefined`: a key that the ledger did not hold. */
function recognised(asker: LoggedAsker, view: AccessView): Asked | undefined {
  switch (asker.kind) {
    case 'SUBJECT':
      return { ...asker, tenant: asker.tenant ?? '', principal: asker.principal ?? '' };
    case 'API_KEY': {
      const key = view.findTenant(asker.tenant)?.apiKeys.get(asker.credential);
      return key && { kind: 'API_KEY', sha256: key.sha256 };
    }
    case 'TOKEN':
      return tokenOf(asker);
    case 'PASSWORD':
      return { kind: 'PASSWORD', password: asker };
    case 'UNKNOWN_API_KEY':
    case 'SESSION':
    case 'UNKNOWN_SESSION':
    case 'REFUSED':
      return undefined;
  }
}

/** By ledger L alone: what was allowed then is allowed by L, and S was asked after L. */
function tokenOf(asker: Extract<LoggedAsker, { kind: 'TOKEN' }>): Recognised {
  const { epoch, issuedAtPosition: position, kind: _kind, ...rest } = asker;
  const { tokenId = '', scopes, expiresAtMs, issuedInOutage } = rest;
  const place = { tokenId, issuedAt: position, session: '', family: '', position: Number.NaN };
  const facts = { ...rest, place };
  const limits = { scopes, resourcePrefix: '', expiresAtMs, issuedInOutage };
  const unsaid = { sessionPosition: -1, amr: [], acr: '', authTimeMs: 0, confirmation: undefined };
  return { kind: 'TOKEN', token: { facts, limits, epoch, position, ...unsaid } };
}
