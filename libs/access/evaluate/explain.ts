import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';
import { ALLOW, NO_GRANT } from '../reason-code.js';
import { apiKeyStatus, findApiKey, tokenStatus } from './credential-status.js';
import {
  type Ask,
  decide,
  decideWithApiKey,
  decideWithSession,
  decideWithToken,
  type Decision,
  type Question,
} from './decide.js';
import { apiKeyEvidence, subjectEvidence, tokenEvidence } from './evidence.js';
import type { SessionRow } from '../sessions/session-row.js';
import type { SessionState } from '../sessions/session-state.js';
import { placeEvidence, sessionEvidence } from './session-evidence.js';
import { sessionStatus } from './session-status.js';
import type { TokenFacts } from './token-facts.js';
import { allowingPaths, type GrantPath, nearestPaths, type RoleRef } from './grant-path.js';

const rolesShown = 20;

/** A decision with what it rests on. Positions name records of ledger L. */
export interface Explanation extends Decision {
  /** On ALLOW the grants that allow it, at most 100; on NO_GRANT those that nearly do, the nearest first. */
  readonly paths: readonly GrantPath[];
  /** On NO_GRANT: roles that would allow it if granted on the resource; by name, at most 20. */
  readonly rolesThatAllow: readonly RoleRef[];
  /** Of a denial that is not about grants: the events that caused it (suspension, revocation, …). */
  readonly evidence: readonly number[];
  /** The same, as positions of ledger S: the end of a session, the revocation of a token. */
  readonly sessionEvidence?: readonly number[];
}

/** Explains `decide`: same decision, same reason. */
export function explain(view: ViewState, question: Question): Explanation {
  const row = view.principalRow(question.tenant, question.principal);
  const tenant = view.findTenant(question.tenant);
  const decision = decide(view, question);
  const evidence = subjectEvidence(view, decision.code, tenant, row, question.action);
  return withGrants(view, decision, row, question, evidence);
}

/** Explains `decideWithApiKey`. */
export function explainApiKey(view: ViewState, sha256: string, ask: Ask): Explanation {
  const decision = decideWithApiKey(view, sha256, ask);
  const key = findApiKey(view, sha256);
  if (key === undefined) return { ...decision, paths: [], rolesThatAllow: [], evidence: [] };
  const refused = apiKeyStatus(view, key, ask.nowMs) !== ALLOW;
  const own = apiKeyEvidence(view, decision.code, key);
  const tenant = view.tenants[key.tenant];
  const evidence = refused
    ? own
    : [...own, ...subjectEvidence(view, decision.code, tenant, key.principal, ask.action)];
  return withGrants(view, decision, key.principal, ask, evidence);
}

/** Explains `decideWithToken`. */
export function explainToken(
  view: ViewState,
  sessions: SessionState | undefined,
  token: TokenFacts & { readonly scopes: readonly string[] },
  ask: Ask,
): Explanation {
  const decision = decideWithToken(view, sessions, token, ask);
  const row = view.principalRow(token.tenant, token.principal);
  const refused = tokenStatus(view, sessions, token, ask.nowMs) !== ALLOW;
  const tenant = view.findTenant(token.tenant);
  const evidence = refused
    ? tokenEvidence(view, decision.code, token)
    : subjectEvidence(view, decision.code, tenant, row, ask.action);
  const explained = withGrants(view, decision, row, ask, evidence);
  return { ...explained, sessionEvidence: placeEvidence(sessions, decision.code, token) };
}

/** Explains `decideWithSession`. */
export function explainSession(
  view: ViewState,
  sessions: SessionState,
  session: SessionRow | undefined,
  ask: Ask,
): Explanation {
  const decision = decideWithSession(view, sessions, session, ask);
  if (session === undefined) return { ...decision, paths: [], rolesThatAllow: [], evidence: [] };
  const row = view.principalRow(session.tenant, session.principal);
  const refused = sessionStatus(view, sessions, session, ask.nowMs) !== ALLOW;
  const tenant = view.findTenant(session.tenant);
  const evidence = refused
    ? tokenEvidence(view, decision.code, { ...session, kid: '' })
    : subjectEvidence(view, decision.code, tenant, row, ask.action);
  const explained = withGrants(view, decision, row, ask, evidence);
  return { ...explained, sessionEvidence: sessionEvidence(session, decision.code) };
}

function withGrants(
  view: ViewState,
  decision: Decision,
  row: number,
  ask: Ask,
  evidence: readonly number[],
): Explanation {
  const { action, resource, nowMs } = ask;
  if (decision.code === ALLOW) {
    const paths = allowingPaths(view, row, action, resource, nowMs);
    return { ...decision, paths, rolesThatAllow: [], evidence };
  }
  if (decision.code !== NO_GRANT) return { ...decision, paths: [], rolesThatAllow: [], evidence };
  const tenant = view.tenants[view.principals.tenantOf(row)] as Tenant;
  return {
    ...decision,
    paths: nearestPaths(view, row, action, resource, nowMs),
    rolesThatAllow: rolesThatAllow(tenant, action),
    evidence,
  };
}

function rolesThatAllow(tenant: Tenant, action: string): RoleRef[] {
  const permission = tenant.permissions.get(action);
  if (permission === undefined) return [];
  return [...tenant.roles.values()]
    .filter((role) => role.allows(permission.index, tenant.permissionNames, tenant.generation))
    .map((role) => ({ role: role.id, name: role.name }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, rolesShown);
}
