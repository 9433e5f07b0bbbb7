import { Failure, type Reason } from '#libs/errors/failure.js';
import { documentsOf, parseLoginName } from '#services/identity/app/accounts.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import type { Executed, IdentityParts } from '#services/identity/app/identity-parts.js';
import { registerPrincipal, type TypedName } from '#services/identity/app/principals.js';
import { isStanding, ownCall } from '#services/identity/app/session-standing.js';
import { linkIdentity } from '#services/identity/app/upstream/link-identity.js';
import type { Upstream } from '#services/identity/app/upstream/providers.js';
import { loginNames } from '#services/identity/domain/login-name/state.js';
import { freeText } from '#services/identity/domain/names/free-text.js';
import type { UpstreamIdentity } from '#services/identity/ports/upstream-openid.js';

/** A principal that an account at a provider has become the log-in of. */
export interface Newcomer {
  readonly principal: string;
  /** Of ledger L. */
  readonly position: number;
}

/** What the ledger answers when somebody else was faster, or nothing may be linked. */
const notHere: ReadonlySet<Reason> = new Set(['WRONG_STATE', 'ALREADY_EXISTS', 'NAME_TAKEN']);

/**
 * Somebody whom a provider vouches for and nobody here is linked to. An address that the provider has
 * verified and that is a verified login name here links the two, unless the account has a second factor;
 * one that nobody has here makes an account where the provider may. An address that is not verified on
 * both sides does nothing. Rejects NOT_FOUND.
 */
export async function newcomer(
  parts: IdentityParts,
  upstream: Upstream,
  identity: UpstreamIdentity,
  blindIndex: string,
  signal: AbortSignal,
): Promise<Newcomer> {
  const { verifiedEmail: typed = '' } = identity;
  const name = parseLoginName(typed);
  if (name?.kind !== 'EMAIL') throw notLinked();
  const { tenant } = upstream;
  const verifiedName = await parts.loginNames.indexOf(tenant, name);
  const owner = loginNames.read(documentsOf(parts.ledger.state), tenant, verifiedName)?.principal;
  const arrival = { parts, upstream, identity, blindIndex };
  try {
    if (owner !== undefined) return await link(arrival, owner, verifiedName);
    return await register(arrival, { ...name, typed, verified: true }, signal);
  } catch (error) {
    if (error instanceof Failure && notHere.has(error.reason)) throw notLinked();
    throw error;
  }
}

interface Arrival {
  readonly parts: IdentityParts;
  readonly upstream: Upstream;
  readonly identity: UpstreamIdentity;
  readonly blindIndex: string;
}

async function link(
  { parts, upstream, identity, blindIndex }: Arrival,
  principal: string,
  verifiedName: string,
): Promise<Newcomer> {
  const { tenant } = upstream;
  const permit = () => {
    const authPosition = parts.ledger.reader.position;
    const standing = { tenant, principal, credential: blindIndex, authPosition };
    if (!isStanding(parts, standing)) throw notLinked();
    return { permittedBy: [] };
  };
  permit();
  const call = ownCall({ tenant, principal }, { reason: 'verified address' }, permit);
  const arrival = { upstream, identity, blindIndex };
  const { position } = await linkIdentity(parts, call, principal, arrival, verifiedName);
  return { principal, position };
}

async function register(
  { parts, upstream, identity, blindIndex }: Arrival,
  name: TypedName,
  signal: AbortSignal,
): Promise<Newcomer> {
  if (upstream.linkPolicy !== 'REGISTER') throw notLinked();
  const { tenant, provider, issuer } = upstream;
  const head = { commandId: '', requestDigest: '', reason: 'upstream login', traceparent: '' };
  const actor = { tenant, principal: '' };
  const permit = () => ({ permittedBy: [] });
  const made: Executed = await registerPrincipal(
    parts,
    { ...head, tenant, actor, permit },
    {
      kind: 'USER',
      names: [name],
      profile: { displayName: freeText(identity.name, 100), locale: localeOf(identity.locale) },
      password: undefined,
      origin: 'IDP',
      link: { provider, issuer, blindIndex, subject: identity.subject },
      signal,
    },
  );
  const { principal } = executedEvent(made.events, 'PrincipalRegistered');
  return { principal, position: made.position };
}

/** One text, whether or not there is an account with that address. */
function notLinked(): Failure {
  const text = 'nobody here is linked to this account of the provider';
  return new Failure('NOT_FOUND', text);
}

function localeOf(text: string): string {
  return /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/u.test(text) && text.length <= 35 ? text : '';
}
