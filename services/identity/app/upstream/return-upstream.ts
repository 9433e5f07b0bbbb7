import { timingSafeEqual } from 'node:crypto';
import { Failure } from '#libs/errors/failure.js';
import { requireFresh, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { ticketRefused } from '#services/identity/app/login/login-ticket.js';
import {
  clientOf,
  requestOf,
  upstreamClient,
  type UpstreamTicket,
  type UpstreamUse,
} from '#services/identity/app/upstream/begin-upstream.js';
import {
  atProvider,
  enabledUpstream,
  type Upstream,
} from '#services/identity/app/upstream/providers.js';
import type { UpstreamAnswer, UpstreamIdentity } from '#services/identity/ports/upstream-openid.js';

/** The method of a log-in elsewhere; the others are those of RFC 8176. */
const federated = 'fed';
/** A provider's clock may be so far from ours, ms. */
const leewayMs = 60_000;

/** Somebody comes back from a provider. */
export interface UpstreamReturn {
  /** From the browser's cookie. */
  readonly ticket: string;
  /** Of the query that the provider sent the browser back with. */
  readonly state: string;
  readonly answer: UpstreamAnswer;
  /** The place that it came back to: tenant and path. */
  readonly tenant: string;
  readonly base: string;
  readonly use: UpstreamUse;
  /** Of whoever is logged in there, where that matters. */
  readonly session?: string | undefined;
  /** Whoever is logged in at the provider must have proved it again. */
  readonly again: boolean;
  readonly source: string;
}

/** Whom a provider has vouched for. */
export interface Vouched {
  readonly upstream: Upstream;
  readonly identity: UpstreamIdentity;
  /** Of the subject, under the tenant's key. */
  readonly blindIndex: string;
  /** When the person was asked: the provider's word, or now. */
  readonly authTimeMs: number;
  /** The provider says that it was as much as the tenant takes for two factors. */
  readonly twoFactors: boolean;
  readonly amr: readonly string[];
  /** Counts once. */
  readonly id: string;
}

/** Rejects WRONG_STATE for what this browser has not begun. */
export function openUpstream(parts: IdentityParts, text: string): UpstreamTicket & { id: string } {
  const opened = parts.proofs.tickets.open('upstream login', text, parts.clock.wallMs());
  if (opened === undefined) throw ticketRefused();
  return { ...(opened.content as UpstreamTicket), id: opened.id };
}

/**
 * Redeems what a provider answered, when this browser has asked it, for this, at this place. Rejects
 * WRONG_STATE, CREDENTIALS_REJECTED, NOT_READY.
 */
export async function redeemUpstream(
  parts: IdentityParts,
  given: UpstreamReturn,
): Promise<Vouched> {
  const { tenant } = given;
  requireFresh(parts, tenant);
  const ticket = openUpstream(parts, given.ticket);
  if (!isFor(ticket, given)) throw ticketRefused();
  const upstream = enabledUpstream(parts, tenant, ticket.provider);
  if (upstream === undefined || clientOf(upstream) !== ticket.client) throw ticketRefused();
  if (given.answer.code === '') {
    throw new Failure('CREDENTIALS_REJECTED', 'the provider has not logged anybody in');
  }
  parts.limits.take(given.source, 'upstream').uncompared();
  const client = await upstreamClient(parts, upstream);
  const identity = await atProvider(parts, upstream, () =>
    parts.proofs.upstream.redeem(client, requestOf(ticket, upstream), given.answer),
  );
  const { authTimeMs: askedMs } = identity;
  const stale = askedMs === undefined || askedMs + leewayMs < ticket.begunAtMs;
  if (given.again && stale) {
    throw new Failure('CREDENTIALS_REJECTED', 'the provider did not ask again');
  }
  const { issuer } = upstream;
  const blindIndex = await parts.loginNames.indexOfSubject(tenant, issuer, identity.subject);
  const nowMs = Math.trunc(parts.clock.wallMs());
  const authTimeMs = Math.min(nowMs, askedMs ?? nowMs);
  const twoFactors = countsAsTwo(upstream, identity);
  const amr = twoFactors ? [federated, 'mfa'] : [federated];
  return { upstream, identity, blindIndex, authTimeMs, twoFactors, amr, id: ticket.id };
}

function countsAsTwo({ secondFactor }: Upstream, { acr, amr }: UpstreamIdentity): boolean {
  if (secondFactor === undefined) return false;
  return secondFactor.acrs.includes(acr) || amr.some((one) => secondFactor.amrs.includes(one));
}

/** What was begun for one tenant, page, use or session is for no other. */
function isFor(ticket: UpstreamTicket, given: UpstreamReturn): boolean {
  const { tenant, base, use, session, again, state } = given;
  const here = ticket.tenant === tenant && ticket.base === base;
  const same = ticket.use === use && ticket.session === session;
  return here && same && (ticket.again || !again) && equalTexts(ticket.state, state);
}

function equalTexts(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
