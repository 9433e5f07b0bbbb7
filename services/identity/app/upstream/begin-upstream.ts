import { createHash } from 'node:crypto';
import { Failure } from '#libs/errors/failure.js';
import { requireFresh, type IdentityParts } from '#services/identity/app/identity-parts.js';
import {
  atProvider,
  enabledUpstream,
  upstreamSecret,
  type Upstream,
} from '#services/identity/app/upstream/providers.js';
import type { UpstreamClient, UpstreamRequest } from '#services/identity/ports/upstream-openid.js';

/** So long somebody may be away at a provider, ms. */
export const upstreamMs = 600_000;
const secretBytes = 32;

/** What somebody goes to a provider for; an answer counts for nothing else. */
export type UpstreamUse = 'LOGIN' | 'STEP_UP' | 'LINK';

/** Whoever goes to a provider, and from where. */
export interface UpstreamDeparture {
  /** Id. */
  readonly tenant: string;
  readonly provider: string;
  readonly use: UpstreamUse;
  /** Of whoever is logged in already, and goes for that session. */
  readonly session?: string | undefined;
  /** Path of the page that it goes back to. */
  readonly base: string;
  /** Whoever is logged in there has to prove it again. */
  readonly again: boolean;
}

/** A visit to a provider that has begun, sealed in the browser that began it. */
export interface UpstreamTicket extends UpstreamDeparture {
  /** SHA-256 of the client at the provider as it was: what was begun at another one is over. */
  readonly client: string;
  /** Of this provider alone, so that no answer of another one comes to it (RFC 9700, 4.4.2.2). */
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly begunAtMs: number;
}

/** Where a provider sends people back to: what its owner registers there. */
export function upstreamRedirectUri(publicUrl: string, slug: string, provider: string): string {
  return `${publicUrl}/t/${slug}/upstream/${provider}/callback`;
}

/** Where the browser is sent, and what it keeps until it comes back. Rejects NOT_FOUND, NOT_READY. */
export async function beginUpstream(
  parts: IdentityParts,
  departure: UpstreamDeparture,
  by: {
    /** Of the tenant. */
    readonly slug: string;
    /** Address of the peer. */
    readonly source: string;
  },
): Promise<{ readonly location: string; readonly ticket: string }> {
  const { tenant, provider } = departure;
  requireFresh(parts, tenant);
  parts.limits.take(by.source, 'upstream').uncompared();
  const upstream = enabledUpstream(parts, tenant, provider);
  if (upstream === undefined) throw new Failure('NOT_FOUND', 'no such provider');
  const random = (): string => Buffer.from(parts.random.bytes(secretBytes)).toString('base64url');
  const begunAtMs = Math.trunc(parts.clock.wallMs());
  const ticket: UpstreamTicket = {
    ...departure,
    client: clientOf(upstream),
    redirectUri: upstreamRedirectUri(parts.proofs.publicUrl, by.slug, provider),
    state: random(),
    nonce: random(),
    verifier: random(),
    begunAtMs,
  };
  const client = await upstreamClient(parts, upstream);
  const location = await atProvider(parts, upstream, () =>
    parts.proofs.upstream.authorizationUrl(client, requestOf(ticket, upstream)),
  );
  const sealed = parts.proofs.tickets.seal('upstream login', ticket, begunAtMs + upstreamMs);
  return { location, ticket: sealed };
}

export function requestOf(ticket: UpstreamTicket, { secondFactor }: Upstream): UpstreamRequest {
  const { redirectUri, state, nonce, verifier, again } = ticket;
  const acrValues = secondFactor?.acrs ?? [];
  return { redirectUri, state, nonce, verifier, again, acrValues };
}

export async function upstreamClient(
  parts: IdentityParts,
  upstream: Upstream,
): Promise<UpstreamClient> {
  const { issuer, clientId, scopes } = upstream;
  return { issuer, clientId, scopes, clientSecret: await upstreamSecret(parts, upstream) };
}

export function clientOf({ issuer, clientId }: Upstream): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, clientId]))
    .digest('base64url');
}
