import type { DocumentReader } from '#libs/decider/documents.js';
import type { FactorKind } from '#libs/events/catalogue.js';
import { strengthOf } from '#services/identity/app/login/assurance.js';
import { demandsFactor } from '#services/identity/domain/factor/policy.js';
import {
  codesLeft,
  factorsHeld,
  recoveryOf,
  type Factor,
} from '#services/identity/domain/factor/state.js';

/** What an account may be asked for beside its password. */
export interface FactorChoice {
  readonly kind: FactorKind;
  /** `''` for recovery codes. */
  readonly credential: string;
  readonly name: string;
}

/** The second factors that answer now: neither blocked nor removed. */
export function activeFactors(
  view: DocumentReader,
  tenant: string,
  principal: string,
): readonly Factor[] {
  return factorsHeld(view, tenant, principal).filter(({ status }) => status === 'ACTIVE');
}

/** Strongest first. Recovery codes come last, and only where there is something they stand in for. */
export function factorChoices(
  view: DocumentReader,
  tenant: string,
  principal: string,
): readonly FactorChoice[] {
  const choices = activeFactors(view, tenant, principal)
    .map(({ credential, name, facts }) => ({ kind: facts.kind, credential, name }))
    .sort((a, b) => strengthOf(b.kind) - strengthOf(a.kind));
  const left = codesLeft(recoveryOf.read(view, tenant, principal));
  const held = factorsHeld(view, tenant, principal).length;
  if (held === 0 || left === 0) return choices;
  return [...choices, { kind: 'RECOVERY_CODE', credential: '', name: '' }];
}

/**
 * Whether a password alone is not enough: the account has a second factor (a blocked one counts too,
 * or blocking would open the account), or its tenant wants one.
 */
export function needsSecondFactor(
  view: DocumentReader,
  tenant: string,
  principal: string,
): boolean {
  return factorsHeld(view, tenant, principal).length > 0 || demandsFactor(view, tenant, principal);
}

/** What the strongest factor of the account is worth; a password where there is no other. */
export function strongestFactor(view: DocumentReader, tenant: string, principal: string): number {
  const held = activeFactors(view, tenant, principal).map(({ facts }) => strengthOf(facts.kind));
  return Math.max(strengthOf('PASSWORD'), ...held);
}
