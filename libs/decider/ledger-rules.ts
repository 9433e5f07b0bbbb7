import type { DomainEvent } from '#libs/events/catalogue.js';
import type { CommandOrigin, Key } from '#libs/events/keys.js';
import { commandKey, defaultReads } from '#libs/events/keys.js';
import { ledgerOf } from '#libs/events/ledger-of.js';

/** The level that a cell must have before anything is written to ledger S. */
export const sessionLedgerSince = 3;

/** What differs between the ledgers for whoever writes to them. */
export interface LedgerRules {
  /** Whether an event belongs here. One of another ledger never leaves the process. */
  holds(event: DomainEvent): boolean;
  /** What every command reads besides what its decider asks for. */
  defaultReads(origin: CommandOrigin): readonly Key[];
  /** Whether FEATURE_LEVEL records stand here: then a record that relies on a level reads its key. */
  readonly hasLevels: boolean;
}

/** Ledger L: what acts is read too, so that an administrator who is stripped while acting is voided. */
export const stateLedgerRules: LedgerRules = {
  holds: ({ type }) => ledgerOf(type) === 'L',
  defaultReads,
  hasLevels: true,
};

/**
 * Ledger S: a record here cannot validate keys of L. Whatever it takes from there carries a position,
 * and is checked again at each evaluation.
 */
export const sessionLedgerRules: LedgerRules = {
  holds: ({ type }) => ledgerOf(type) === 'S',
  defaultReads: ({ tenant, actor, commandId }) =>
    commandId === '' ? [] : [commandKey(tenant, actor, commandId)],
  hasLevels: false,
};
