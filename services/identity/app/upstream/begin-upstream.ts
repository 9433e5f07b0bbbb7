import { createHash } from 'node:crypto';
import { Failure } from '#libs/errors/failure.js';
import { requireFresh, type IdentityParts } from '#services/identity/app/identity-parts.js';
import {
  enabledUpstream,
  upstreamSecret,
  type Upstream,
} from '#services/identity/app/upstream/providers.js';
import type { UpstreamClient, UpstreamRequest } from '#services/identity/ports/upstream-openid.js';

/** So long somebody may be away at a provider, ms. */
export const upstreamMs = 600_000;
const secretBytes = 32;

/** A log-in at a provider that has begun, sealed in the browser that began it. */
export interface UpstreamTicket {
  readonly tenant: string;
  readonly provider: string;
  /** SHA-256 of the client at the provider as it was: what was begun at another one is over. */
  readonly client: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Path of the login page that it goes back to. */
  readonly base: string;
  readonly begunAtMs: number;
  readonly again: boolean;
}

/** Where the browser is sent, and what it keeps until it comes back. Rejects NOT_FOUND, NOT_READY. */
export async function beginUpstream(
  parts: IdentityParts,
  begun: {
    readonly tenant: string;
    readonly provider: string;
    readonly base: string;
    readonly again: boolean;
    /** Address of the peer. */
    readonly source: string;
  },
): Promise<{ readonly location: string; readonly ticket: string }> {
  requireFresh(parts, begun.tenant);
  const { source, ...place } = begun;
  parts.limits.take(source, 'upstream').uncompared();
  const upstream = enabledUpstream(parts, place.tenant, place.provider);
  if (upstream === undefined) throw new Failure('NOT_FOUND', 'no such provider');
  const random = (): string => Buffer.from(parts.random.bytes(secretBytes)).toString('base64url');
  const begunAtMs = Math.trunc(parts.clock.wallMs());
  const made = { state: random(), nonce: random(), verifier: random(), begunAtMs };
  const ticket: UpstreamTicket = { ...place, client: clientOf(upstream), ...made };
  const location = await parts.proofs.upstream.authorizationUrl(
    await upstreamClient(parts, upstream),
    requestOf(parts, ticket),
  );
  const sealed = parts.proofs.tickets.seal('upstream login', ticket, begunAtMs + upstreamMs);
  return { location, ticket: sealed };
}

export function requestOf(parts: IdentityParts, ticket: UpstreamTicket): UpstreamRequest {
  const { state, nonce, verifier, again } = ticket;
  const redirectUri = `${parts.proofs.publicUrl}/upstream/callback`;
  return { redirectUri, state, nonce, verifier, again };
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
