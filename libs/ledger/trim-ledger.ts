import { findCheckpointPair, type CheckpointTrust } from './checkpoint-pair.js';

/**
 * Deletes the records below `before` from a ledger that is kept for a time only; never ledger L. Two
 * checkpoints from which a late reader can start must stand at or above it: rejects WRONG_STATE
 * otherwise, and deletes nothing.
 */
export async function trimLedger(trust: CheckpointTrust, before: number): Promise<void> {
  await findCheckpointPair(trust, before);
  await trust.log.trim(before);
}
