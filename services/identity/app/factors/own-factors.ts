import { documentsOf } from '#services/identity/app/accounts.js';
import {
  execute,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import type { FactorOwner } from '#services/identity/app/factors/factor-owner.js';
import { noticeTo } from '#services/identity/app/login/security-notice.js';
import { demandsFactor } from '#services/identity/domain/factor/policy.js';
import {
  codesLeft,
  factorsHeld,
  recoveryOf,
  type Factor,
} from '#services/identity/domain/factor/state.js';

export interface FactorsOfAccount {
  readonly factors: readonly Factor[];
  readonly recoveryCodes: number;
  /** The tenant requires a second factor of the account. */
  readonly required: boolean;
}

export function listFactors(
  parts: IdentityParts,
  tenant: string,
  principal: string,
): FactorsOfAccount {
  const view = documentsOf(parts.ledger.state);
  return {
    factors: factorsHeld(view, tenant, principal),
    recoveryCodes: codesLeft(recoveryOf.read(view, tenant, principal)),
    required: demandsFactor(view, tenant, principal),
  };
}

/** Rejects NOT_FOUND, and WRONG_STATE for the last one where the tenant requires one. */
export async function removeFactor(
  parts: IdentityParts,
  owner: FactorOwner,
  credential: string,
): Promise<Executed> {
  const { principal } = owner;
  const command = { type: 'RemoveFactor', principal, credential, cause: 'OWNER' } as const;
  const executed = await execute(parts, owner.call('factor removed'), command);
  noticeTo(parts, owner, 'FACTOR_REMOVED');
  return executed;
}
