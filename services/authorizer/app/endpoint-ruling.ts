import {
  checkRule,
  findRule,
  ruleById,
  type EndpointCaller,
  type EndpointQuestion,
  type FoundRule,
} from '#libs/access/evaluate/endpoint.js';
import { suspendedUntil } from '#libs/access/evaluate/subject-status.js';
import { unlimited } from '#libs/access/projection/api-key.js';
import type { Permission, Tenant } from '#libs/access/projection/tenant.js';
import type { ViewState } from '#libs/access/projection/view-state.js';
import { ALLOW, reasonName } from '#libs/access/reason-code.js';
import type { EndpointCredential } from '#libs/events/catalogue.js';
import type { Holder } from './credentials.js';
import { endpointAnswer, type EndpointAnswer } from './endpoint-answer.js';
import { isUndecided, type Reason } from './reasons.js';

/** A call of an endpoint as it was asked about, or the rule that was found for it at another time. */
export type AskedEndpoint = { readonly tenant: string } & (
  | EndpointQuestion
  | { readonly api: string; readonly rule: string; readonly resource: string }
);

/** Whom an endpoint is called by, as far as anybody was named. */
export type EndpointAsker =
  | { readonly kind: 'SUBJECT'; readonly tenant: string; readonly principal: string }
  | { readonly kind: 'HOLDER'; readonly holder: Holder };

export interface EndpointRuling {
  readonly reason: Reason;
  readonly tenant: string;
  readonly principal: string;
  readonly validUntilMs: number;
  readonly found: Tenant | undefined;
  readonly permission: Permission | undefined;
  readonly endpoint: EndpointAnswer;
}

export interface EndpointRules {
  readonly view: ViewState;
  /** Tenant whose API it is. */
  readonly owner: string;
  readonly nowMs: number;
  /** Whether the state is too old for a tenant, a permission, and at most so many ms. */
  isStale(
    tenant: Tenant | undefined,
    permission: Permission | undefined,
    mostMs: number | undefined,
  ): boolean;
}

/** What the caller of an endpoint turned out to be, before the rule. */
interface Known {
  readonly tenant: string;
  readonly principal: string;
  readonly caller: EndpointCaller;
}

const nobody: Pick<EndpointRuling, 'tenant' | 'principal'> = { tenant: '', principal: '' };

/**
 * Judges a call of an endpoint: is there a rule, is it public, who calls, and does whoever calls meet
 * the rule. The rules are those of the API's owner; permissions and scopes those of the caller's own
 * tenant.
 */
export function ruleEndpoint(
  rules: EndpointRules,
  asked: AskedEndpoint,
  asker: EndpointAsker,
): EndpointRuling {
  const { view, owner, nowMs } = rules;
  const tenant = view.findTenant(owner);
  const found = foundRule(view, tenant, asked);
  const { rule } = found;
  const judge = (reason: Reason, over: Partial<EndpointRuling> & Verdict = {}): EndpointRuling =>
    made(asked.api, found, asker, reason, { found: tenant, ...over });
  if (rules.isStale(tenant, undefined, rule?.maxStalenessMs)) {
    return judge('STALE', { validUntilMs: nowMs });
  }
  if (rule === undefined) return judge(reasonName(found.code));
  const known = knownOf(view, asker);
  if (rule.public) return judge('ALLOWED', typeof known === 'string' ? {} : publicFor(known));
  if (typeof known === 'string') return judge(known, { known: false, ...refusedOf(view, asker) });
  const own = view.findTenant(known.tenant);
  const permission = own?.permissions.get(rule.permission ?? '');
  const who = { tenant: known.tenant, principal: known.principal, found: own, permission };
  if (rules.isStale(own, permission, rule.maxStalenessMs)) {
    return judge('STALE', { ...who, validUntilMs: nowMs });
  }
  const ruling = checkRule(view, { rule, resource: found.resource }, known.caller, nowMs);
  const { validUntilMs, obligation } = ruling;
  return judge(reasonName(ruling.code), { ...who, validUntilMs, obligation });
}

type Verdict = Partial<Pick<EndpointAnswer, 'obligation'>> & { readonly known?: boolean };

function made(
  api: string,
  { rule, resource }: FoundRule,
  asker: EndpointAsker,
  reason: Reason,
  over: Partial<EndpointRuling> & Verdict,
): EndpointRuling {
  const { known = true, obligation, ...rest } = over;
  const outcome = isUndecided(reason) ? 'CANNOT_DECIDE' : reason === 'ALLOWED' ? 'ALLOW' : 'DENY';
  const scopes = asker.kind === 'HOLDER' ? asker.holder.scopes : [];
  return {
    reason,
    ...nobody,
    validUntilMs: Number.POSITIVE_INFINITY,
    found: undefined,
    permission: undefined,
    ...rest,
    endpoint: endpointAnswer({ api, reason, outcome, known, rule, resource, scopes, obligation }),
  };
}

function foundRule(view: ViewState, owner: Tenant | undefined, asked: AskedEndpoint): FoundRule {
  return 'rule' in asked ? ruleById(view, owner, asked) : findRule(view, owner, asked);
}

/** Who may be named to a public endpoint; it is allowed as long as the credential is good. */
function publicFor({ tenant, principal, caller }: Known) {
  return { tenant, principal, validUntilMs: caller.limits.expiresAtMs };
}

/** Whose credential was refused, and until when: of the refusals only a suspension ends by itself. */
function refusedOf(view: ViewState, asker: EndpointAsker) {
  if (asker.kind === 'SUBJECT') return {};
  const { reason, tenant, principal, row } = asker.holder;
  const ends = reason === 'PRINCIPAL_SUSPENDED';
  const validUntilMs = ends ? suspendedUntil(view, row) : Number.POSITIVE_INFINITY;
  return { tenant, principal, validUntilMs };
}

/** Whoever calls, or why nobody good does. */
function knownOf(view: ViewState, asker: EndpointAsker): Known | Reason {
  switch (asker.kind) {
    case 'SUBJECT': {
      const { tenant, principal } = asker;
      const row = view.principalRow(tenant, principal);
      const bare = { acr: '', authTimeMs: Number.NaN, kind: undefined, scopes: [] };
      return { tenant, principal, caller: { row, limits: unlimited, ...bare } };
    }
    case 'HOLDER': {
      const { holder } = asker;
      if (holder.reason !== reasonName(ALLOW)) return holder.reason;
      const { tenant, principal } = holder;
      return { tenant, principal, caller: { ...holder, kind: kinds[holder.kind] } };
    }
  }
}

const kinds = {
  TOKEN: 'ACCESS_TOKEN',
  API_KEY: 'API_KEY',
  PASSWORD: 'PASSWORD',
  SESSION: 'SESSION',
} as const satisfies Record<Holder['kind'], EndpointCredential>;
