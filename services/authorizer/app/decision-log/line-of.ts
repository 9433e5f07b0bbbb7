import { findApiKey } from '#libs/access/evaluate/credential-status.js';
import type { TokenPlace } from '#libs/access/evaluate/token-facts.js';
import type { DecisionLine, LoggedAsker, LoggedToken } from '#libs/audit/decision-line.js';
import type { Asked } from '../decider.js';
import type { LedgerView } from '../ledger-view.js';
import type { Subject } from '../question.js';
import type { DecisionEntry } from './decision-entry.js';

/** The line of a decision: ids that the ledger knows, permissions, resources, and positions. */
export function lineOf(entry: DecisionEntry, ledger: LedgerView, authorizer: string): DecisionLine {
  const { answer, caller, nowMs, method, epoch } = entry;
  const { position, sessionPosition, stalenessMs } = answer.answered;
  const { action, resource } = wordsOf(entry, ledger);
  const chain = position < 0 ? undefined : ledger.reader.window.chainAt(position);
  return {
    kind: 'decision',
    id: answer.decisionId,
    atMs: nowMs,
    authorizer,
    method,
    caller: askerOf(caller.recognised, ledger),
    asked: askerOf(entry.asked, ledger),
    action,
    resource,
    ...endpointOf(entry, ledger),
    tenant: answer.tenant === '' ? '' : (ledger.view.findTenant(answer.tenant)?.id ?? ''),
    principal: knownPrincipal(answer.tenant, answer.principal, ledger),
    outcome: answer.outcome,
    reason: answer.reason,
    position,
    ...(sessionPosition >= 0 ? { sessionPosition } : {}),
    ...(entry.early && ofRevocations.has(answer.reason) ? { early: true as const } : {}),
    chain: chain === undefined ? '' : Buffer.from(chain.subarray(0, 8)).toString('hex'),
    epoch,
    stalenessMs: Number.isFinite(stalenessMs) ? stalenessMs : null,
    hardMs: ledger.limits.hardMs,
    sensitiveMs: ledger.limits.sensitiveMs,
  };
}

/** What the ledger may not have said yet. */
const ofRevocations: ReadonlySet<string> = new Set([
  'TENANT_SUSPENDED',
  'PRINCIPAL_SUSPENDED',
  'CREDENTIAL_REVOKED',
  'CREDENTIAL_BLOCKED',
  'CLIENT_SUSPENDED',
]);

/** Of a call: whose API, and the rule that was applied; the path as it was sent is not kept. */
function endpointOf(
  { endpoint, answer, caller }: DecisionEntry,
  { view }: LedgerView,
): Pick<DecisionLine, 'endpoint'> {
  if (endpoint === undefined) return {};
  const { tenant, api } = endpoint;
  const owner = view.findTenant(tenant === '' ? caller.tenant : tenant);
  const known = owner?.apis.has(api) === true ? api : null;
  const rule = answer.endpoint?.rule?.rule ?? null;
  return { endpoint: { tenant: owner?.id ?? '', api: known, rule } };
}

function askerOf(asked: Asked, ledger: LedgerView): LoggedAsker {
  const { view } = ledger;
  switch (asked.kind) {
    case 'SUBJECT':
      return knownSubject(asked, ledger);
    case 'API_KEY': {
      const key = findApiKey(view, asked.sha256);
      if (key === undefined) return { kind: 'UNKNOWN_API_KEY' };
      const tenant = view.tenants[key.tenant]?.id ?? '';
      return { kind: 'API_KEY', tenant, credential: key.credential };
    }
    case 'TOKEN': {
      const { facts, epoch, position: issuedAtPosition } = asked.token;
      const { tenant, principal, client, kid, credential } = facts;
      const { authPosition, expiresAtMs, scopes, place } = facts;
      const ids = { tenant, principal, client, kid, credential, ...placeOf(place) };
      const when = { epoch, issuedAtPosition, authPosition, expiresAtMs };
      const outage = facts.issuedInOutage === true ? { issuedInOutage: true as const } : {};
      return { kind: 'TOKEN', ...ids, ...when, ...outage, scopes };
    }
    case 'SESSION': {
      const row = ledger.sessions?.findByToken(asked.sha256);
      if (row === undefined) return { kind: 'UNKNOWN_SESSION' };
      const { tenant, principal, session } = row;
      return { kind: 'SESSION', tenant, principal, session };
    }
    case 'PASSWORD': {
      const { tenant, principal, credential, version } = asked.password;
      return { kind: 'PASSWORD', tenant, principal, credential, version };
    }
    case 'REFUSED':
      return { kind: 'REFUSED', reason: asked.reason };
  }
}

/** What a token names in ledger S: nothing, where that is not there. */
function placeOf(
  place: TokenPlace,
): Pick<LoggedToken, 'tokenId' | 'session' | 'family' | 'sessionPosition'> {
  const { tokenId, session, family, position } = place;
  return {
    ...(position >= 0 ? { tokenId, sessionPosition: position } : {}),
    ...(session === '' ? {} : { session }),
    ...(family === '' ? {} : { family }),
  };
}

/** A caller may put anything into a question: what the ledger does not know is not kept. */
function knownSubject({ tenant, principal }: Subject, { view }: LedgerView): LoggedAsker {
  const found = view.findTenant(tenant);
  if (found === undefined) return { kind: 'SUBJECT', tenant: null, principal: null };
  const isKnown = view.principalRow(tenant, principal) >= 0;
  return { kind: 'SUBJECT', tenant, principal: isKnown ? principal : null };
}

function knownPrincipal(tenant: string, principal: string, { view }: LedgerView): string {
  return view.principalRow(tenant, principal) >= 0 ? principal : '';
}

/** `orders:read`: lower case, with a colon. No password, key or token of ours looks like it. */
const permissionLike = /^[a-z][a-z0-9_.-]{0,63}(:[a-z][a-z0-9_.-]{0,63}){1,7}$/u;
/** An API key, session or refresh token of ours, or a JWT, anywhere in a text. */
const credentialLike = /lg[ksr]_[0-9A-Za-z]{20}|eyJ[\w-]{8,}\.[\w-]+/u;

function wordsOf(
  { action, resource, answer, endpoint }: DecisionEntry,
  { view }: LedgerView,
): Pick<DecisionLine, 'action' | 'resource'> {
  // A rule may ask for no permission.
  if (endpoint !== undefined && action === '') return { action: '', resource: '' };
  const defined = view.findTenant(answer.tenant)?.permissions.has(action) === true;
  if (!defined && !permissionLike.test(action)) return { action: null, resource: null };
  return { action, resource: credentialLike.test(resource) ? null : resource };
}
