import { passwordStatus } from '#libs/access/evaluate/credential-status.js';
import { ALLOW, QUARANTINED } from '#libs/access/reason-code.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { Failure } from '#libs/errors/failure.js';
import { systemTenant } from '#libs/events/envelope.js';
import {
  activeTenant,
  documentsOf,
  parseLoginName,
  passwordAccount,
  principalByName,
  type PasswordAccount,
} from '#services/identity/app/accounts.js';
import { requireFresh, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { knownDevice } from '#services/identity/app/login/device-token.js';
import { normalizePassword } from '#services/identity/app/password-policy.js';
import { tenants } from '#services/identity/domain/tenant/state.js';
import type { Attempt } from '#services/identity/ports/attempt-limits.js';

/** Who claims to know the password of whom. */
export interface PasswordClaim {
  /** Id or slug. */
  readonly tenant: string;
  readonly account: { readonly loginName: string } | { readonly principal: string };
  readonly password: string;
  /** Address of the peer that the claim came from; `undefined`: an authorizer, for one of its own. */
  readonly source: string | undefined;
  /** As an earlier log-in gave it; absent or `''`: none. */
  readonly deviceToken?: string;
  readonly signal: AbortSignal;
}

export interface VerifiedPassword extends PasswordAccount {
  /** Ledger position of the state on which it was verified. */
  readonly position: number;
  /** The stored hash is weaker than new ones are. */
  readonly outdated: boolean;
}

/**
 * Checks a password. Whoever is asked about, the same work is done: one blob is opened, one hash is
 * computed (ASVS 5.0: 6.3.8). Failures of accounts that exist are recorded later, and nobody waits for
 * it. Of an account with too many of them nothing is compared for strangers; they are told that it is
 * wrong, like of an account that nobody has. `undefined`: no. The position is that of the state the hash
 * was taken from: a password that is changed during the check outdates the verdict.
 *
 * Rejects TOO_MANY_REQUESTS, OVERLOADED, STALE, or QUARANTINED.
 */
export async function verifyPassword(
  parts: IdentityParts,
  claim: PasswordClaim,
): Promise<VerifiedPassword | undefined> {
  requireFresh(parts);
  requireFresh(parts, activeTenant(documentsOf(parts.ledger.state), claim.tenant));
  const { account, position } = await findAccount(parts, claim);
  const device = account && knownDevice(parts, account, claim.deviceToken ?? '')?.device;
  const attempt = parts.limits.take(claim.source, accountOf(parts, claim), device);
  const braked = !attempt.known && account && parts.attempts.throttled(account, 'PASSWORD');
  const compared = braked === true ? undefined : account;
  const stored = await storedHash(parts, compared);
  const matches = await compare(parts, claim, stored, attempt);
  if (!matches || compared === undefined || stored === undefined) {
    if (compared !== undefined) parts.attempts.failed(compared, 'PASSWORD');
    return undefined;
  }
  const status = passwordStatus(parts.ledger.fold.view, compared, parts.clock.wallMs());
  if (status === QUARANTINED) {
    throw new Failure('QUARANTINED', 'a newer build wrote what this decision rests on: use that');
  }
  if (status !== ALLOW) return undefined;
  attempt.right();
  return { ...compared, position, outdated: parts.hasher.needsRehash(stored) };
}

/** Who has logged in from there before does not wait behind a flood of guesses. */
async function compare(
  { hasher }: IdentityParts,
  { password, signal }: PasswordClaim,
  stored: string | undefined,
  attempt: Attempt,
): Promise<boolean> {
  const rank = attempt.known ? 'first' : 'last';
  try {
    return await hasher.verify(stored, normalizePassword(password), signal, rank);
  } catch (error) {
    // Full: whoever waits it out must not be taken for somebody who guesses.
    if (error instanceof Failure && error.reason === 'OVERLOADED') attempt.uncompared();
    throw error;
  }
}

/** One text for every reason (ASVS 5.0: 6.3.8). */
export function credentialsRejected(): Failure {
  return new Failure('CREDENTIALS_REJECTED', 'the login name or the password is wrong');
}

/** What the attempts are counted on: the same for every spelling of the name and of the tenant. */
function accountOf(parts: IdentityParts, claim: PasswordClaim): string {
  const { account } = claim;
  const tenant = activeTenant(documentsOf(parts.ledger.state), claim.tenant) ?? claim.tenant;
  if ('principal' in account) return JSON.stringify([tenant, 'principal', account.principal]);
  const name = parseLoginName(account.loginName)?.canonical ?? '';
  return JSON.stringify([tenant, 'name', name]);
}

/** The account, and the position of the state it was read from: one synchronous step. */
async function findAccount(
  parts: IdentityParts,
  claim: PasswordClaim,
): Promise<{ readonly account: PasswordAccount | undefined; readonly position: number }> {
  const view = documentsOf(parts.ledger.state);
  const tenant = activeTenant(view, claim.tenant);
  const principal =
    'principal' in claim.account
      ? claim.account.principal
      : await principalNamed(parts, view, tenant ?? systemTenant, claim.account.loginName);
  const known = tenant !== undefined && principal !== undefined;
  const nowMs = parts.clock.wallMs();
  const account = known ? passwordAccount(view, tenant, principal, nowMs) : undefined;
  return { account, position: parts.ledger.reader.position };
}

function principalNamed(
  parts: IdentityParts,
  view: DocumentReader,
  tenant: string,
  loginName: string,
): Promise<string | undefined> {
  const name = parseLoginName(loginName) ?? { kind: 'USERNAME', canonical: '' };
  return principalByName(view, parts.loginNames, tenant, name);
}

/** Without an account a blob is opened all the same, so that both ways take equally long. */
async function storedHash(
  parts: IdentityParts,
  account: PasswordAccount | undefined,
): Promise<string | undefined> {
  if (account === undefined) {
    const system = tenants.read(documentsOf(parts.ledger.state), systemTenant, systemTenant);
    const own = { class: 'SECRET', tenant: systemTenant, principal: '' } as const;
    if (system !== undefined) await parts.secrets.open(system.blindIndexKey, own);
    return undefined;
  }
  const { tenant, principal, secret } = account;
  const bytes = await parts.secrets.open(secret.hash, { class: 'SECRET', tenant, principal });
  return bytes && Buffer.from(bytes).toString('utf8');
}
