import { passwordStatus } from '#libs/access/evaluate/credential-status.js';
import {
  explain,
  explainApiKey,
  explainToken,
  type Explanation as Evidence,
} from '#libs/access/evaluate/explain.js';
import type { GrantPath } from '#libs/access/evaluate/grant-path.js';
import { ALLOW } from '#libs/access/reason-code.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { Answer } from './answers.js';
import type { Caller } from './callers.js';
import type { Action, Asked, Decider } from './decider.js';
import { decided } from './authorizer.js';
import type { Explained, ExplainedPath } from './explained.js';
import type { LedgerRecords, RecordedEvent } from './ledger-records.js';
import type { LedgerView } from './ledger-view.js';
import { limits } from './limits.js';
import { summaryOf } from './summary.js';

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
): Promise<Explained> {
  const answer = decided(parts.decider.decide(caller, asked, action, nowMs, 'Explain'));
  // A credential that nobody may know of has no evidence either.
  const evidence =
    answer.tenant === '' ? undefined : evidenceOf(parts.ledger, asked, action, nowMs);
  const paths = evidence?.paths ?? [];
  const wanted = [...(evidence?.evidence ?? []), ...paths.flatMap(({ positions }) => positions)];
  const recorded = await parts.records.read([...new Set(wanted)].slice(0, limits.eventsRead));
  const explained = paths.map((path) => explainPath(path, recorded, answer.principal));
  const events = (evidence?.evidence ?? []).flatMap((position) =>
    relevant(recorded, position, subjectIds(answer, asked, action)),
  );
  const roles = evidence?.rolesThatAllow ?? [];
  return {
    answer,
    paths: explained,
    events,
    summary: summaryOf({ answer, action, paths: explained, events, roles }),
  };
}

function evidenceOf(
  { view }: LedgerView,
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
      return explainToken(view, asked.token.facts, { action, resource, nowMs });
    case 'PASSWORD': {
      const { tenant, principal } = asked.password;
      if (passwordStatus(view, asked.password, nowMs) !== ALLOW) return undefined;
      return explain(view, { tenant, principal, action, resource, nowMs });
    }
    case 'REFUSED':
      return undefined;
  }
}

function explainPath(
  path: GrantPath,
  recorded: readonly RecordedEvent[],
  principal: string,
): ExplainedPath {
  const ids = new Set([principal, ...path.roleChain.map(({ role }) => role)]);
  if (path.group !== undefined) ids.add(path.group.id);
  const events = path.positions.flatMap((position) => relevant(recorded, position, ids));
  return { ...path, grant: grantId(path, events), events };
}

/** The grant itself: in its own record, or in the one that revoked it. */
function grantId(
  { roleChain, resourcePrefix }: GrantPath,
  events: readonly RecordedEvent[],
): string {
  for (const { event } of events) {
    const isGrant = event.type === 'RoleGranted' || event.type === 'GrantRevoked';
    if (!isGrant || event.role !== roleChain[0]?.role) continue;
    if (event.resourcePrefix === resourcePrefix) return event.grant;
  }
  return '';
}

function subjectIds(answer: Answer, asked: Asked, action: Action): ReadonlySet<string> {
  const ids = new Set([answer.principal, answer.tenant, action.action]);
  if (asked.kind === 'TOKEN') ids.add(asked.token.facts.kid);
  if (asked.kind === 'API_KEY') ids.add(asked.sha256);
  if (asked.kind === 'PASSWORD') ids.add(asked.password.credential);
  return ids;
}

/**
 * Of a record that holds several events, those that name one of the ids; all of them when none does
 * (a watermark of the whole cluster names nobody).
 */
function relevant(
  recorded: readonly RecordedEvent[],
  position: number,
  ids: ReadonlySet<string>,
): RecordedEvent[] {
  const here = recorded.filter((one) => one.position === position);
  const named = here.filter(({ event }) => names(event, ids));
  return named.length > 0 ? named : here;
}

function names(event: DomainEvent, ids: ReadonlySet<string>): boolean {
  return Object.entries(event).some(([field, value]: [string, unknown]) => {
    if (field === 'type') return false;
    if (Array.isArray(value)) return value.some((item) => ids.has(item as string));
    return typeof value === 'string' && ids.has(value);
  });
}
