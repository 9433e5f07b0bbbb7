import { passwordStatus } from '#libs/access/evaluate/credential-status.js';
import {
  explain,
  explainApiKey,
  explainSession,
  explainToken,
  type Explanation as Evidence,
} from '#libs/access/evaluate/explain.js';
import { ALLOW } from '#libs/access/reason-code.js';
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
  // A credential that nobody may know of has no evidence either.
  const evidence =
    answer.tenant === '' ? undefined : evidenceOf(parts.ledger, asked, action, nowMs);
  const ids = subjectIds(answer, asked, action);
  return withEvents(parts.records, { answer, action, evidence, ids });
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
  if (asked.kind === 'TOKEN') ids.add(asked.token.facts.kid);
  if (asked.kind === 'API_KEY') ids.add(asked.sha256);
  if (asked.kind === 'PASSWORD') ids.add(asked.password.credential);
  return ids;
}
