import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { redirectUriProblem } from '#services/identity/domain/client/redirect-uri.js';
import { accept, countProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import { factorsHeld } from '#services/identity/domain/factor/state.js';
import { loginNames } from '#services/identity/domain/login-name/state.js';
import { eachProblem, slugProblem } from '#services/identity/domain/names/exact-name.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import { passwords } from '#services/identity/domain/password/state.js';
import { livePrincipal } from '#services/identity/domain/principal/state.js';
import type {
  ExternalIdentity,
  LinkExternalIdentity,
  SetUpstreamProvider,
  UnlinkExternalIdentity,
  UpstreamCommand,
} from './commands.js';
import { isUsable, linkedPrincipal, linksHeld, mostLinks, upstreams } from './state.js';

const mostScopes = 20;
const mostValues = 10;
/** RFC 6749, section 3.3. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;
/** RFC 6749, appendix A.1. */
const visible = /^[\x20-\x7e]{1,256}$/;

export function decideUpstream(
  command: UpstreamCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  const { tenant } = facts;
  switch (command.type) {
    case 'SetUpstreamProvider':
      return set(command, view, tenant);
    case 'RemoveUpstreamProvider': {
      const { provider } = command;
      if (upstreams.read(view, tenant, provider) === undefined) {
        return reject('NOT_FOUND', 'no such provider');
      }
      return accept({ type: 'UpstreamProviderRemoved', provider });
    }
    case 'LinkExternalIdentity':
      return link(command, view, tenant);
    case 'UnlinkExternalIdentity':
      return unlink(command, view, tenant);
  }
}

function set(command: SetUpstreamProvider, view: DocumentReader, tenant: string): Decision {
  const { type: _, ...given } = command;
  const { provider, displayName, issuer, clientId, scopes } = given;
  const { acrs, amrs } = given.secondFactor ?? { acrs: [], amrs: [] };
  const refused = refuseFields(
    ['provider', slugProblem(provider)],
    ['display_name', freeTextProblem(displayName, 1, 64)],
    ['issuer', issuerProblem(issuer)],
    ['client_id', visible.test(clientId) ? undefined : '1 to 256 characters of visible ASCII'],
    ['scopes', countProblem(scopes.length, mostScopes)],
    ['scopes', scopes.includes('openid') ? undefined : 'must hold openid'],
    ...eachProblem('scopes', scopes, (scope) =>
      scopeToken.test(scope) ? undefined : 'is no scope (RFC 6749, section 3.3)',
    ),
    ...valueProblems('two_factor_acrs', acrs),
    ...valueProblems('two_factor_amrs', amrs),
  );
  if (refused !== undefined) return refused;
  const before = upstreams.read(view, tenant, provider);
  // A secret goes to nobody but the provider that it was given for.
  const same = before?.issuer === issuer && before.clientId === clientId;
  const clientSecret = given.clientSecret ?? (same ? before.clientSecret : undefined);
  return accept({ type: 'UpstreamProviderSet', ...given, clientSecret });
}

/** Values without spaces, as `acr_values` and `amr` have them. */
function valueProblems(field: string, values: readonly string[]) {
  return [
    [field, countProblem(values.length, mostValues)] as const,
    ...eachProblem(field, values, (value) =>
      scopeToken.test(value) ? undefined : '1 to 128 characters of visible ASCII without spaces',
    ),
  ];
}

/** OpenID Connect Discovery, section 3: https without query and fragment; http on loopback for tests. */
function issuerProblem(issuer: string): string | undefined {
  const problem = redirectUriProblem(issuer, 'WEB');
  if (problem !== undefined) return problem;
  return issuer.includes('?') ? 'must have no query' : undefined;
}

/** What speaks against a new link, whoever it is for. */
export function linkRefused(
  view: DocumentReader,
  tenant: string,
  identity: ExternalIdentity,
): Rejection | undefined {
  const { provider, issuer, blindIndex, externalSubject: subject } = identity;
  if (!isUsable(view, tenant, { provider, issuer, blindIndex, subject, linkedAtMs: 0 })) {
    return reject('WRONG_STATE', 'the provider is not there, or not enabled');
  }
  if (linkedPrincipal(view, tenant, identity) === undefined) return undefined;
  return reject('ALREADY_EXISTS', 'this account of the provider is linked already');
}

function link(command: LinkExternalIdentity, view: DocumentReader, tenant: string): Decision {
  const { type: _, verifiedName, ...identity } = command;
  const { principal } = identity;
  if (livePrincipal(view, tenant, principal)?.kind !== 'USER') {
    return reject('NOT_FOUND', 'no such user');
  }
  const refused = linkRefused(view, tenant, identity);
  if (refused !== undefined) return refused;
  if (verifiedName !== undefined) {
    const name = loginNames.read(view, tenant, verifiedName);
    const own = name?.principal === principal && name.kind === 'EMAIL' && name.verified;
    if (!own || factorsHeld(view, tenant, principal).length > 0) {
      return reject('WRONG_STATE', 'log in first, then link the account of the provider');
    }
  }
  if (linksHeld(view, tenant, principal).length >= mostLinks) {
    return reject('LIMIT_REACHED', `at most ${mostLinks} linked accounts: unlink one`);
  }
  return accept({ type: 'ExternalIdentityLinked', ...identity });
}

function unlink(
  { principal, blindIndex, cause }: UnlinkExternalIdentity,
  view: DocumentReader,
  tenant: string,
): Decision {
  if (livePrincipal(view, tenant, principal) === undefined) {
    return reject('NOT_FOUND', 'no such principal');
  }
  const held = linksHeld(view, tenant, principal);
  const found = held.find((one) => one.blindIndex === blindIndex);
  if (found === undefined) return reject('NOT_FOUND', 'no such linked account');
  const { provider, issuer } = found;
  const others = held.some((one) => one !== found && isUsable(view, tenant, one));
  const canLogIn =
    others ||
    passwords.read(view, tenant, principal)?.secret !== undefined ||
    factorsHeld(view, tenant, principal).some(
      ({ status, facts }) => status === 'ACTIVE' && facts.kind === 'PASSKEY',
    );
  if (cause === 'OWNER' && !canLogIn) {
    return reject('WRONG_STATE', 'nobody removes the last way to log in for oneself');
  }
  return accept(
    { type: 'ExternalIdentityUnlinked', principal, provider, issuer, blindIndex, cause },
    { type: 'SessionsInvalidated', principal, cause },
  );
}
