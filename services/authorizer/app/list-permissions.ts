import { createHash } from 'node:crypto';
import { listPermissions, type HeldPermission } from '#libs/access/evaluate/list-permissions.js';
import { unlimited } from '#libs/access/projection/api-key.js';
import { QUARANTINED } from '#libs/access/reason-code.js';
import { invalid } from '#libs/errors/failure.js';
import type { Answered } from './answers.js';
import type { Caller } from './callers.js';
import { holderOf, isGood, withoutForeign } from './credentials.js';
import type { Asked } from './decider.js';
import { stale, type LedgerView } from './ledger-view.js';
import { limits } from './limits.js';
import { cannotDecide } from './reasons.js';

export interface PermissionsPage {
  readonly permissions: readonly HeldPermission[];
  /** `''` on the last page. */
  readonly nextPageToken: string;
  readonly answered: Answered;
}

export interface PageRequest {
  /** `''`: on any resource. */
  readonly resource: string;
  /** 0: the default. */
  readonly pageSize: number;
  /** `''`: the first page. */
  readonly pageToken: string;
}

/**
 * The permissions that whoever is asked about holds, by name: exactly those that a question would be
 * allowed. Nothing for a credential that is not good. Throws PERMISSION_DENIED, STALE, QUARANTINED.
 */
export function pageOfPermissions(
  ledger: LedgerView,
  caller: Caller,
  asked: Asked,
  page: PageRequest,
  nowMs: number,
): PermissionsPage {
  const holder = heldBy(ledger, caller, asked, nowMs);
  const answered = ledger.answered(ledger.view.findTenant(holder?.tenant ?? caller.tenant));
  if (holder === undefined) return { permissions: [], nextPageToken: '', answered };
  const { tenant, principal } = holder;
  const resource = page.resource === '' ? undefined : page.resource;
  const question = { tenant, principal, resource, nowMs, limits: holder.limits };
  const { code, permissions } = listPermissions(ledger.view, question);
  if (code === QUARANTINED) throw cannotDecide('QUARANTINED');
  requireFresh(ledger, tenant, permissions, answered.stalenessMs);
  const query = [tenant, principal, page.resource];
  const after = page.pageToken === '' ? '' : openToken(page.pageToken, query);
  const rest = permissions.filter(({ permission }) => permission > after);
  const shown = rest.slice(0, page.pageSize === 0 ? limits.defaultPageSize : page.pageSize);
  const last = shown.at(-1)?.permission;
  const more = last !== undefined && rest.length > shown.length;
  return { permissions: shown, nextPageToken: more ? makeToken(last, query) : '', answered };
}

function heldBy(ledger: LedgerView, caller: Caller, asked: Asked, nowMs: number) {
  if (asked.kind === 'SUBJECT') {
    if (!caller.mayAskAbout(asked.tenant, nowMs)) throw cannotDecide('CALLER_NOT_PERMITTED');
    return { tenant: asked.tenant, principal: asked.principal, limits: unlimited };
  }
  const holder = withoutForeign(holderOf(ledger, asked, nowMs), caller.sees);
  if (holder.reason === 'QUARANTINED') throw cannotDecide('QUARANTINED');
  return isGood(holder) ? holder : undefined;
}

/** A list with one permission in it that may not be this old is too old. */
function requireFresh(
  ledger: LedgerView,
  tenant: string,
  permissions: readonly HeldPermission[],
  stalenessMs: number,
): void {
  const names = [undefined, ...permissions.map(({ permission }) => permission)];
  const found = ledger.view.findTenant(tenant);
  const limitMs = Math.min(...names.map((name) => ledger.hardLimitMs(found, name)));
  if (stalenessMs > limitMs) throw stale(stalenessMs, limitMs);
}

const digestBytes = 8;

/** Where the page ended, bound to the query. It is no secret, and any authorizer can go on with it. */
function makeToken(last: string, query: readonly string[]): string {
  return Buffer.concat([digestOf(last, query), Buffer.from(last, 'utf8')]).toString('base64url');
}

function openToken(token: string, query: readonly string[]): string {
  const bytes = Buffer.from(token, 'base64url');
  const last = bytes.subarray(digestBytes).toString('utf8');
  if (makeToken(last, query) !== token) {
    const description = 'is not the token of a page of this query';
    throw invalid({ field: 'page_token', description });
  }
  return last;
}

function digestOf(last: string, query: readonly string[]): Buffer {
  const hash = createHash('sha256').update(JSON.stringify([query, last]));
  return hash.digest().subarray(0, digestBytes);
}
