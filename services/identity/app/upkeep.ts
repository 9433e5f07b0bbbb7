import type { LedgerId } from '#libs/ledger/ledger-place.js';
import type { Shutdown } from '#libs/runtime/shutdown.js';
import { startCheckpoints } from '#services/identity/app/checkpoint-schedule.js';
import { Checkpoints } from '#services/identity/app/checkpoints.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { startMaintenance } from '#services/identity/app/maintenance.js';
import { startSessionTrim } from '#services/identity/app/session-trim.js';

export type LedgerCheckpoints = Readonly<Record<LedgerId, Checkpoints>>;

/**
 * Starts what an instance does on its own, until shutdown, for both ledgers: maintenance, and
 * checkpoints; and the trim of S. Answers the checkpoints.
 */
export function startUpkeep(
  { ledger, sessions, blobs, clock, log, random: bytes }: IdentityParts,
  tickMs: number,
  auditSeed: Uint8Array,
  retentionMs: number,
  shutdown: Shutdown,
): LedgerCheckpoints {
  const random = (): number => Buffer.from(bytes.bytes(4)).readUInt32BE(0) / 2 ** 32;
  const given = { clock, log, tickMs, random };
  shutdown.add('maintenance', startMaintenance({ ...given, ledger, blobs }));
  shutdown.add('maintenance of S', startMaintenance({ ...given, ledger: sessions }));
  const checkpoints = new Checkpoints(ledger, clock, auditSeed);
  shutdown.add('checkpoints', startCheckpoints({ ledger, checkpoints, clock, log, random }));
  const ofSessions = new Checkpoints(sessions, clock, auditSeed);
  const schedule = { ledger: sessions, checkpoints: ofSessions, clock, log, random };
  shutdown.add('checkpoints of S', startCheckpoints(schedule));
  const trim = { sessions, retentionMs, clock, log, random };
  shutdown.add('trim of S', startSessionTrim(trim));
  return { L: checkpoints, S: ofSessions };
}
