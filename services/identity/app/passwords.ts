import { passwordStatus } from '#libs/access/evaluate/credential-status.js';
import { ALLOW } from '#libs/access/reason-code.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { Failure, invalid } from '#libs/errors/failure.js';
import type { TenantSettings, VaultRef } from '#libs/events/catalogue.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import {
  execute,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import {
  DEFAULT_MIN_PASSWORD_LENGTH,
  MIN_LENGTH_BESIDE_A_FACTOR,
  judgePassword,
  normalizePassword,
} from '#services/identity/app/password-policy.js';
import { needsSecondFactor } from '#services/identity/app/login/account-factors.js';
import { sealing } from '#services/identity/app/sealing.js';
import {
  credentialsRejected,
  verifyPassword,
  type PasswordClaim,
  type VerifiedPassword,
} from '#services/identity/app/verify-password.js';
import type { SetPassword } from '#services/identity/domain/password/commands.js';
import { factorPolicy } from '#services/identity/domain/factor/policy.js';
import { loginNames, loginNamesOf } from '#services/identity/domain/login-name/state.js';
import { tenants, tenantSettings } from '#services/identity/domain/tenant/state.js';

/** A hash that is durable in the vault. */
export interface SealedPassword {
  readonly hash: VaultRef;
  readonly params: string;
}

export interface NewPassword {
  /** Path of the field, for violations. */
  readonly field: string;
  readonly password: string;
  readonly tenant: string;
  /** Whose it is, where that is known: beside a second factor a password may be shorter. */
  readonly principal?: string;
  /** Words that must not make up the password. */
  readonly contextWords: readonly string[];
  /** Of a tenant that is about to be made. */
  readonly settings?: TenantSettings;
}

/** What is wrong with a new password under the rules of the tenant. */
export function passwordProblem(parts: IdentityParts, given: NewPassword): string | undefined {
  const view = documentsOf(parts.ledger.state);
  const tenant = tenants.read(view, given.tenant, given.tenant);
  const settings = given.settings ?? tenantSettings.read(view, given.tenant, given.tenant);
  const rules = {
    minLength: settings?.passwordMinLength ?? leastLength(view, given),
    contextWords: [...given.contextWords, 'ledgate', tenant?.slug ?? '', tenant?.displayName ?? ''],
  };
  return judgePassword(given.field, given.password, rules, parts.blockList)?.description;
}

/** SP 800-63B-4, 3.1.1.2: 15 where it stands alone, 8 beside another factor. */
function leastLength(view: DocumentReader, { tenant, principal }: NewPassword): number {
  const beside =
    principal === undefined
      ? factorPolicy(view, tenant).requiredFor === 'EVERYBODY'
      : needsSecondFactor(view, tenant, principal);
  return beside ? MIN_LENGTH_BESIDE_A_FACTOR : DEFAULT_MIN_PASSWORD_LENGTH;
}

/** Hashes and seals: done once, before the command is decided. */
export async function sealPassword(
  parts: IdentityParts,
  owner: { readonly tenant: string; readonly principal: string },
  password: string,
  signal?: AbortSignal,
): Promise<SealedPassword> {
  const hash = await parts.hasher.hash(normalizePassword(password), signal);
  const ref = await parts.secrets.seal(Buffer.from(hash, 'utf8'), { class: 'SECRET', ...owner });
  return { hash: ref, params: parts.hasher.params };
}

/** The login names of a principal, in clear: a password must not be made of them. */
export async function clearLoginNames(
  parts: IdentityParts,
  tenant: string,
  principal: string,
): Promise<readonly string[]> {
  const view = documentsOf(parts.ledger.state);
  const indexes = loginNamesOf.read(view, tenant, principal)?.blindIndexes ?? [];
  const names = await Promise.all(
    indexes.map(async (index) => {
      const name = loginNames.read(view, tenant, index);
      const bytes =
        name && (await parts.secrets.open(name.value, { class: 'PROFILE', tenant, principal }));
      return bytes === undefined ? [] : [Buffer.from(bytes).toString('utf8')];
    }),
  );
  return names.flat().flatMap((name) => [name, name.split('@')[0] ?? '']);
}

/** The part of a command that does not depend on who it is about. */
type CommandOrigin = Pick<CommandCall, 'commandId' | 'requestDigest' | 'reason' | 'traceparent'>;

/**
 * Changes one's own password: the current one is verified, and the record carries the version that
 * was. Of two changes at once only one counts. An account with a second factor does so where it is
 * logged in (`loggedIn`), or where the password must be changed before it can be: whoever knows the
 * password alone cannot lock the owner out. Rejects CREDENTIALS_REJECTED, SECOND_FACTOR_REQUIRED.
 */
export async function changePassword(
  parts: IdentityParts,
  claim: PasswordClaim & { readonly loggedIn: boolean },
  newPassword: string,
  head: CommandOrigin,
): Promise<Executed> {
  const verified = await verifyPassword(parts, claim);
  if (verified === undefined) return repeatChange(parts, claim, newPassword, head);
  const { tenant, principal } = verified;
  const proved = claim.loggedIn || verified.secret.mustChange;
  if (!proved && needsSecondFactor(documentsOf(parts.ledger.state), tenant, principal)) {
    throw new Failure(
      'SECOND_FACTOR_REQUIRED',
      'this account has a second factor: log in first, and change the password in the session',
    );
  }
  const contextWords = await clearLoginNames(parts, tenant, principal);
  const field = 'new_password';
  const given = { field, password: newPassword, tenant, principal, contextWords };
  const problem = passwordProblem(parts, given);
  if (problem !== undefined) throw invalid({ field, description: problem });
  if (normalizePassword(newPassword) === normalizePassword(claim.password)) {
    throw invalid({ field, description: 'must differ from the current one' });
  }
  const call = {
    ...head,
    tenant,
    actor: { tenant, principal },
    permit: ownPermit(parts, verified),
  };
  const { credential, version: verifiedVersion } = verified;
  const rest = {
    principal,
    credential,
    cause: 'CHANGE',
    mustChange: false,
    verifiedVersion,
  } as const;
  return storePassword(parts, call, rest, newPassword, claim.signal);
}

/**
 * A change that was carried out already, and whose answer was lost: the new password proves who
 * asks. The record of the command is found before anything is decided; if there is none, the version
 * that was verified does not fit, and the change is refused.
 */
async function repeatChange(
  parts: IdentityParts,
  claim: PasswordClaim,
  newPassword: string,
  head: CommandOrigin,
): Promise<Executed> {
  if (head.commandId === '') throw credentialsRejected();
  const verified = await verifyPassword(parts, { ...claim, password: newPassword });
  if (verified === undefined) throw credentialsRejected();
  const { tenant, principal, credential, secret } = verified;
  const { hash, params } = secret;
  const permit = ownPermit(parts, verified);
  return execute(
    parts,
    { ...head, tenant, actor: { tenant, principal }, permit },
    {
      type: 'SetPassword',
      principal,
      credential,
      hash,
      params,
      cause: 'CHANGE',
      mustChange: false,
      verifiedVersion: 0,
    },
  );
}

/** Hashes, seals, and sets a password that was judged before. */
export function storePassword(
  parts: IdentityParts,
  call: CommandCall,
  command: Omit<SetPassword, 'type' | 'hash' | 'params'>,
  password: string,
  signal: AbortSignal,
): Promise<Executed> {
  const owner = { tenant: call.tenant, principal: command.principal };
  return sealing(parts, async (sealed) => {
    const secret = await sealPassword(sealed, owner, password, signal);
    return execute(sealed, call, { type: 'SetPassword', ...command, ...secret });
  });
}

/** Replaces a hash that is weaker than new ones: after the login, which does not wait for it. */
export async function rehashPassword(
  parts: IdentityParts,
  verified: VerifiedPassword,
  password: string,
): Promise<void> {
  const { tenant, principal, version } = verified;
  const head = { commandId: '', requestDigest: '', reason: 'stronger parameters', traceparent: '' };
  const call = {
    ...head,
    tenant,
    actor: { tenant, principal },
    permit: ownPermit(parts, verified),
  };
  await sealing(parts, async (sealed) => {
    const secret = await sealPassword(sealed, { tenant, principal }, password);
    return execute(sealed, call, { type: 'RehashPassword', principal, version, ...secret });
  });
}

/** The password that was verified is the authority: it must still be the one. */
function ownPermit(parts: IdentityParts, verified: VerifiedPassword): CommandCall['permit'] {
  return () => {
    const status = passwordStatus(parts.ledger.fold.view, verified, parts.clock.wallMs());
    if (status !== ALLOW) throw credentialsRejected();
    return { permittedBy: [] };
  };
}
