import { timingSafeEqual } from 'node:crypto';
import { Failure } from '#libs/errors/failure.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { requireFresh, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { afterFirstFactor, type LoginStand } from '#services/identity/app/login/begin-login.js';
import { ticketRefused } from '#services/identity/app/login/login-ticket.js';
import {
  clientOf,
  requestOf,
  upstreamClient,
  type UpstreamTicket,
} from '#services/identity/app/upstream/begin-upstream.js';
import { newcomer } from '#services/identity/app/upstream/newcomer.js';
import { enabledUpstream } from '#services/identity/app/upstream/providers.js';
import { linkedPrincipal } from '#services/identity/domain/upstream/state.js';
import type { UpstreamAnswer } from '#services/identity/ports/upstream-openid.js';

/** The method of a log-in elsewhere; the others are those of RFC 8176. */
export const federated = 'fed';
/** A provider's clock may be so far from ours, ms. */
const leewayMs = 60_000;

export interface UpstreamReturn {
  /** From the browser's cookie. */
  readonly ticket: string;
  /** Of the query that the provider sent the browser back with. */
  readonly state: string;
  readonly answer: UpstreamAnswer;
  /** The place that it came back to. */
  readonly tenant: string;
  /** Somebody is logged in there and has to prove it again. */
  readonly again: boolean;
  /** `''`: none. */
  readonly deviceToken: string;
  readonly label: string;
  readonly source: string;
  readonly signal: AbortSignal;
}

/** Rejects WRONG_STATE for what this browser has not begun. */
export function openUpstream(parts: IdentityParts, text: string): UpstreamTicket & { id: string } {
  const opened = parts.proofs.tickets.open('upstream login', text, parts.clock.wallMs());
  if (opened === undefined) throw ticketRefused();
  return { ...(opened.content as UpstreamTicket), id: opened.id };
}

/**
 * Who came back from a provider, and what the account needs beside that: the same second factor as after
 * a password. Rejects WRONG_STATE, CREDENTIALS_REJECTED, NOT_FOUND when nobody here is linked to the
 * account there, NOT_READY.
 */
export async function finishUpstream(
  parts: IdentityParts,
  given: UpstreamReturn,
): Promise<LoginStand> {
  const { tenant } = given;
  requireFresh(parts, tenant);
  const ticket = openUpstream(parts, given.ticket);
  if (ticket.tenant !== tenant || !equalTexts(ticket.state, given.state)) throw ticketRefused();
  const upstream = enabledUpstream(parts, tenant, ticket.provider);
  if (upstream === undefined || clientOf(upstream) !== ticket.client) throw ticketRefused();
  parts.limits.take(given.source, 'upstream').uncompared();
  const client = await upstreamClient(parts, upstream);
  const request = requestOf(parts, ticket);
  const identity = await parts.proofs.upstream.redeem(client, request, given.answer);
  const { authTimeMs: askedMs } = identity;
  const stale = askedMs === undefined || askedMs + leewayMs < ticket.begunAtMs;
  if (given.again && (!ticket.again || stale)) {
    throw new Failure('CREDENTIALS_REJECTED', 'the provider did not ask again');
  }
  const { issuer } = upstream;
  const blindIndex = await parts.loginNames.indexOfSubject(tenant, issuer, identity.subject);
  const authPosition = parts.ledger.reader.position;
  const view = documentsOf(parts.ledger.state);
  const known = linkedPrincipal(view, tenant, { issuer, blindIndex });
  const who =
    known === undefined
      ? await newcomer(parts, upstream, identity, blindIndex, given.signal)
      : { principal: known, position: authPosition };
  const nowMs = Math.trunc(parts.clock.wallMs());
  const stand = afterFirstFactor(
    parts,
    {
      login: ticket.id,
      tenant,
      principal: who.principal,
      credential: blindIndex,
      authPosition: who.position,
      authTimeMs: nowMs,
      amr: [federated],
      label: given.label,
    },
    given.deviceToken,
  );
  if (!('done' in stand)) return stand;
  // What counts is when the person was asked; and an answer counts once.
  const authTimeMs = Math.min(nowMs, askedMs ?? nowMs);
  return { done: { ...stand.done, authTimeMs, used: { challenge: ticket.id } } };
}

function equalTexts(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
