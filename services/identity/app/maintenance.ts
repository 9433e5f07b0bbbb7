import { tickCodec } from '#libs/events/control-codec.js';
import { newestLevel } from '#libs/events/feature-levels.js';
import { RecordKind } from '#libs/ledger/record.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Logger } from '#libs/runtime/log.js';
import { commandIdLifetimeMs } from '#libs/decider/handle-command.js';
import { sweepVault } from '#services/identity/app/vault-sweep.js';
import type { BlobStore } from '#services/identity/ports/blob-store.js';
import type { AnyLedgerSession } from '#services/identity/app/ledger-session.js';

export interface MaintenanceOptions {
  readonly ledger: AnyLedgerSession;
  readonly clock: Clock;
  readonly log: Logger;
  /** A TICK follows this much silence, ms. */
  readonly tickMs: number;
  /** What the ledger names is swept; absent: it names nothing. */
  readonly blobs?: BlobStore;
  /** Uniform in [0, 1): instances do not tick at the same moment. */
  readonly random: () => number;
}

const SWEEP_MS = 60_000;
const SWEEP_AT_MOST = 10_000;
/** What is over is kept for so long by both clocks: no decision rests on what a sweep has removed. */
const KEPT_AFTER_EXPIRY_MS = 3_600_000;
/** The first look at the vault comes soon: an erasure may have been cut short by a kill. */
const FIRST_VAULT_SWEEP_MS = 5_000;
const VAULT_SWEEP_MS = 3_600_000;

/**
 * What an instance does on its own: a TICK after silence, which carries a hash of the verdicts and so
 * shows that all readers agree; the sweep of command ids that nobody can repeat any more, and of what is
 * long over; and that of the vault.
 */
export function startMaintenance(options: MaintenanceOptions): () => void {
  const { ledger, blobs, clock, log, tickMs, random } = options;
  let cancelVault = (): void => {};
  let cancelTick = (): void => {};
  let cancelSweep = (): void => {};
  const scheduleTick = (): void => {
    cancelTick();
    cancelTick = clock.after(tickMs * (1 + random() / 4), () => {
      void tick(ledger).catch((error: unknown) => log.warn({ err: error }, 'no tick'));
      scheduleTick();
    });
  };
  const scheduleSweep = (): void => {
    cancelSweep = clock.after(SWEEP_MS, () => {
      try {
        sweep(ledger, clock);
      } catch (error) {
        // A full disk: what is not swept now is swept later.
        log.warn({ err: error }, 'no sweep of the state');
      }
      scheduleSweep();
    });
  };
  const scheduleVault = (inMs: number): void => {
    if (blobs === undefined) return;
    cancelVault = clock.after(inMs * (1 + random() / 4), () => {
      void sweepBlobs(ledger, blobs, clock, log).finally(() => {
        if (!stopped) scheduleVault(VAULT_SWEEP_MS);
      });
    });
  };
  let stopped = false;
  const stopListening = ledger.reader.onJudged(scheduleTick);
  scheduleTick();
  scheduleSweep();
  scheduleVault(FIRST_VAULT_SWEEP_MS);
  return () => {
    stopped = true;
    cancelVault();
    stopListening();
    cancelTick();
    cancelSweep();
  };
}

async function tick(ledger: AnyLedgerSession): Promise<void> {
  const { reader, writer } = ledger;
  const { position } = reader;
  const verdictHash = reader.window.verdictHash(position);
  if (reader.state !== 'following' || verdictHash === undefined) return;
  await writer.submit({
    kind: RecordKind.TICK,
    tenantHash: new Uint8Array(16),
    basedOn: position,
    reads: [],
    writes: [],
    payload: tickCodec.encode({ position, verdictHash }),
  });
}

/** Twice the lifetime, by both clocks: whoever asks in time finds its record. */
function sweep({ state, fold }: AnyLedgerSession, clock: Clock): void {
  const nowMs = Math.min(fold.logTimeMs, clock.wallMs());
  state.sweepCommands(nowMs - 2 * commandIdLifetimeMs, SWEEP_AT_MOST);
  state.sweepExpired(nowMs - KEPT_AFTER_EXPIRY_MS, SWEEP_AT_MOST);
  fold.view.sweep?.(nowMs - KEPT_AFTER_EXPIRY_MS, SWEEP_AT_MOST);
}

async function sweepBlobs(
  ledger: AnyLedgerSession,
  blobs: BlobStore,
  clock: Clock,
  log: Logger,
): Promise<void> {
  const { state, fold, reader } = ledger;
  try {
    if (!knowsAllNames(ledger)) return;
    const nowMs = Math.min(fold.logTimeMs, clock.wallMs());
    const stalenessMs = reader.stalenessMs();
    const { view } = fold;
    // A view is replaced by another one only where the state was dropped.
    const stillSure = (): boolean => fold.view === view && knowsAllNames(ledger);
    const erased = await sweepVault({ state, blobs, nowMs, stalenessMs, stillSure });
    if (erased > 0) log.info({ erased }, 'vault swept');
  } catch (error) {
    log.warn({ err: error }, 'no sweep of the vault');
  }
}

/**
 * Whether the state names every blob that the ledger names: not while it is built, nor where a record
 * could not be read, nor at a level whose events this build may not know, nor when the log has lost
 * records, which an operator may yet bring back.
 */
function knowsAllNames({ state, fold, reader }: AnyLedgerSession): boolean {
  if (reader.state !== 'following' || reader.lostBelow !== undefined) return false;
  return fold.featureLevel <= newestLevel && state.quarantinedKeys().length === 0;
}
