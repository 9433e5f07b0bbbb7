import { passwordStatus } from '#libs/access/evaluate/credential-status.js';
import {
  explain,
  explainApiKey,
  explainSession,
  explainToken,
  type Explanation as Evidence,
} from '#libs/access/evaluate/explain.js';
import { ALLOW, reasonName } from '#libs/access/reason-code.js';
import { withEvents, type Explained } from '#libs/history/explained.js';
import type { LedgerRecords } from '#libs/history/ledger-records.js';
import type { Answer } from './answers.js';
import type { Caller } from './callers.js';
import type { Action, Asked, Decider } from './decider.js';
import { decided } from './authorizer.js';
import type { LedgerView } from './ledger-view.js';

/**
 * Decides, and says what the decision rests on: the same decision, on the same state. Only the words
 * of the events (who, when, why) are read from the ledger afterwards. Rejects like `authorize`.
 */
export async function explainDecision(
  parts: { ledger: LedgerView; decider: Decider; records: LedgerRecords },
  caller: Caller,
  asked: Asked,
  action: Action,
  nowMs: number,
): Promise<Explained<Answer>> {
  const answer = decided(parts.decider.decide(caller, asked, action, nowMs, 'Explain'));
  const judged = judgedIn(action, answer);
  // A credential that nobody may know of has no evidence either.
  const evidence =
    answer.tenant === '' ? undefined : evidenceOf(parts.ledger, asked, judged, nowMs);
  const ids = subjectIds(answer, asked, judged);
  return withEvents(parts.records, {
    answer,
    action: judged,
    evidence: withRule(parts.ledger, caller, action, answer, evidence),
    sessionRecords: parts.ledger.sessionRecords,
    ids,
  });
}

/** Of a call: what its rule asked for, or the call itself where nothing was found to ask for. */
function judgedIn(action: Action, { endpoint: found }: Answer): Action {
  const { endpoint } = action;
  if (endpoint === undefined) return action;
  const permission = found?.rule?.permission;
  if (permission !== undefined) return { action: permission, resource: found?.resource ?? '' };
  if (!('call' in endpoint)) return { action: endpoint.rule, resource: '' };
  const { call } = endpoint;
  const words = call.protocol === 'GRPC' ? call.method : `${call.method} ${call.path}`;
  return { action: words, resource: '' };
}

/** The event that set the rule is part of what the decision rests on. */
function withRule(
  { view }: LedgerView,
  caller: Caller,
  { endpoint }: Action,
  { endpoint: found, ...answer }: Answer,
  evidence: Evidence | undefined,
): Evidence | undefined {
  if (endpoint === undefined || found?.rule === undefined) return evidence;
  const owner = view.findTenant(endpoint.tenant === '' ? caller.tenant : endpoint.tenant);
  const rules = owner?.apis.get(endpoint.api)?.rules.values() ?? [];
  const stored = [...rules].find(({ rule }) => rule.rule === found.rule?.rule);
  if (stored === undefined) return evidence;
  const none = { code: 0, reason: reasonName(0), validUntilMs: answer.validUntilMs };
  const known = evidence ?? { ...none, paths: [], rolesThatAllow: [], evidence: [] };
  return { ...known, evidence: [...known.evidence, stored.position] };
}

function evidenceOf(
  { view, sessions }: LedgerView,
  asked: Asked,
  { action, resource }: Action,
  nowMs: number,
): Evidence | undefined {
  switch (asked.kind) {
    case 'SUBJECT': {
      const { tenant, principal } = asked;
      return explain(view, { tenant, principal, action, resource, nowMs });
    }
    case 'API_KEY':
      return explainApiKey(view, asked.sha256, { action, resource, nowMs });
    case 'TOKEN':
      return explainToken(view, sessions, asked.token.facts, { action, resource, nowMs });
    case 'SESSION': {
      if (sessions === undefined) return undefined;
      const session = sessions.findByToken(asked.sha256);
      return explainSession(view, sessions, session, { action, resource, nowMs });
    }
    case 'PASSWORD': {
      const { tenant, principal } = asked.password;
      if (passwordStatus(view, asked.password, nowMs) !== ALLOW) return undefined;
      return explain(view, { tenant, principal, action, resource, nowMs });
    }
    case 'REFUSED':
      return undefined;
  }
}

function subjectIds(answer: Answer, asked: Asked, action: Action): ReadonlySet<string> {
  const ids = new Set([answer.principal, answer.tenant, action.action]);
  if (asked.kind === 'TOKEN') {
    const { kid, client, place } = asked.token.facts;
    const named = [kid, client, place.tokenId, place.session, place.family];
    for (const id of named) if (id !== '') ids.add(id);
  }
  if (asked.kind === 'API_KEY') ids.add(asked.sha256);
  if (asked.kind === 'PASSWORD') ids.add(asked.password.credential);
  const rule = answer.endpoint?.rule?.rule;
  if (rule !== undefined) ids.add(rule);
  return ids;
}
