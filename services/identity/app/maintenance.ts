import { tickCodec } from '#libs/events/control-codec.js';
import { RecordKind } from '#libs/ledger/record.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Logger } from '#libs/runtime/log.js';
import { commandIdLifetimeMs } from '#libs/decider/handle-command.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';

export interface MaintenanceOptions {
  readonly ledger: LedgerSession;
  readonly clock: Clock;
  readonly log: Logger;
  /** A TICK follows this much silence, ms. */
  readonly tickMs: number;
  /** Uniform in [0, 1): instances do not tick at the same moment. */
  readonly random: () => number;
}

const SWEEP_MS = 60_000;
const SWEEP_AT_MOST = 10_000;

/**
 * What an instance does on its own: a TICK after silence, which carries a hash of the verdicts and so
 * shows that all readers agree; and the sweep of command ids that nobody can repeat any more.
 */
export function startMaintenance(options: MaintenanceOptions): () => void {
  const { ledger, clock, log, tickMs, random } = options;
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
        log.warn({ err: error }, 'no sweep of command ids');
      }
      scheduleSweep();
    });
  };
  const stopListening = ledger.reader.onJudged(scheduleTick);
  scheduleTick();
  scheduleSweep();
  return () => {
    stopListening();
    cancelTick();
    cancelSweep();
  };
}

async function tick(ledger: LedgerSession): Promise<void> {
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
function sweep({ state, fold }: LedgerSession, clock: Clock): void {
  const nowMs = Math.min(fold.logTimeMs, clock.wallMs());
  state.sweepCommands(nowMs - 2 * commandIdLifetimeMs, SWEEP_AT_MOST);
}
