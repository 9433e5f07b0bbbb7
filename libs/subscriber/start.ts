/**
 * Where a subscription without a checkpoint begins. Time: ms since the Unix epoch. Position: after
 * that position of the ledger, exclusive.
 */
export type Start = 'now' | 'beginning' | { readonly time: number } | { readonly position: number };
