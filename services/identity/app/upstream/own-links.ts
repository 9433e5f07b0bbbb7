import { documentsOf } from '#services/identity/app/accounts.js';
import type { FactorOwner } from '#services/identity/app/factors/factor-owner.js';
import {
  execute,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { noticeTo } from '#services/identity/app/login/security-notice.js';
import type { Session } from '#services/identity/app/sessions.js';
import { linkIdentity } from '#services/identity/app/upstream/link-identity.js';
import {
  enabledUpstream,
  offeredUpstreams,
  type Upstream,
} from '#services/identity/app/upstream/providers.js';
import {
  redeemUpstream,
  type UpstreamReturn,
} from '#services/identity/app/upstream/return-upstream.js';
import { factorsHeld } from '#services/identity/domain/factor/state.js';
import { isUsable, linksHeld } from '#services/identity/domain/upstream/state.js';

/** An account at a provider that logs in as one's own. */
export interface OwnLink {
  /** Names it. */
  readonly identity: string;
  /** As the login page calls the provider; its name in addresses where it is not there any more. */
  readonly name: string;
  readonly linkedAtMs: number;
  readonly usable: boolean;
}

/** The linked accounts of an account, and the providers that it may link another at. */
export function ownLinks(
  parts: IdentityParts,
  { tenant, principal }: Pick<Session, 'tenant' | 'principal'>,
): { readonly links: readonly OwnLink[]; readonly offered: readonly Upstream[] } {
  const view = documentsOf(parts.ledger.state);
  const held = linksHeld(view, tenant, principal);
  const links = held.map((link) => {
    const { blindIndex: identity, provider, linkedAtMs } = link;
    const name = enabledUpstream(parts, tenant, provider)?.displayName ?? provider;
    return { identity, name, linkedAtMs, usable: isUsable(view, tenant, link) };
  });
  const linked = new Set(held.map(({ provider, issuer }) => `${provider} ${issuer}`));
  const offered = offeredUpstreams(parts, tenant).filter(
    ({ provider, issuer }) => !linked.has(`${provider} ${issuer}`),
  );
  return { links, offered };
}

/**
 * The providers that somebody may prove by, again, who holds the session: where an account is linked,
 * and there is no second factor, which would be asked for instead.
 */
export function stepUpUpstreams(
  parts: IdentityParts,
  { tenant, principal }: Pick<Session, 'tenant' | 'principal'>,
): readonly Upstream[] {
  const view = documentsOf(parts.ledger.state);
  if (factorsHeld(view, tenant, principal).length > 0) return [];
  const usable = linksHeld(view, tenant, principal).filter((link) => isUsable(view, tenant, link));
  const providers = [...new Set(usable.map(({ provider }) => provider))];
  return providers.flatMap((provider) => enabledUpstream(parts, tenant, provider) ?? []);
}

/**
 * Links the account that somebody has just proved at a provider to the own one. Rejects like
 * `redeemUpstream`, and STEP_UP_REQUIRED, ALREADY_EXISTS, LIMIT_REACHED.
 */
export async function linkOwn(
  parts: IdentityParts,
  owner: FactorOwner,
  back: Omit<UpstreamReturn, 'tenant' | 'use' | 'session' | 'again'>,
): Promise<Executed> {
  const { tenant, principal, boundTo: session } = owner;
  const given = { ...back, tenant, use: 'LINK', session, again: false } as const;
  const vouched = await redeemUpstream(parts, given);
  const executed = await linkIdentity(parts, owner.call('linked by hand'), principal, vouched);
  noticeTo(parts, owner, 'FACTOR_ADDED');
  return executed;
}

/** Rejects NOT_FOUND, STEP_UP_REQUIRED; WRONG_STATE for the last way to log in. */
export async function unlinkOwn(
  parts: IdentityParts,
  owner: FactorOwner,
  identity: string,
): Promise<Executed> {
  const { principal } = owner;
  const what = { principal, blindIndex: identity, cause: 'OWNER' } as const;
  const command = { type: 'UnlinkExternalIdentity', ...what } as const;
  const executed = await execute(parts, owner.call('unlinked by hand'), command);
  noticeTo(parts, owner, 'FACTOR_REMOVED');
  return executed;
}
