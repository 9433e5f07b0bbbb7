import { foldCommandRecord, foldEvent } from '#libs/decider/fold-event.js';
import { MemoryStore } from '#libs/decider/memory-store.js';
import type { Document } from '#libs/decider/state-store.js';
import type { Fold, Resume } from '#libs/ledger/fold.js';
import { foldCommands } from '#libs/ledger/fold-commands.js';
import type { Judged } from '#libs/ledger/judge.js';
import { VerdictWindow, type WindowEntry } from '#libs/ledger/verdict-window.js';
import { evolve } from './domain.js';
import type { SeededRandom } from './seeded-random.js';

interface Snapshot extends Resume {
  readonly documents: readonly (readonly [string, Document])[];
  readonly entries: readonly WindowEntry[];
  readonly acceptedCount: number;
}

/** What survives a crash: the snapshots of one instance, newest last. */
export class Disk {
  readonly snapshots: Snapshot[] = [];
}

/** The small domain's state in memory, with a snapshot now and then. */
export class MemoryFold implements Fold {
  store = new MemoryStore();
  readonly verdicts = new Map<number, boolean>();
  logTimeMs = 0;
  #entries: WindowEntry[] = [];
  readonly #disk: Disk;
  readonly #random: SeededRandom;
  readonly #windowSize: number;
  readonly #fails: () => boolean;

  constructor(disk: Disk, random: SeededRandom, window: number, fails: () => boolean) {
    this.#windowSize = window;
    this.#fails = fails;
    this.#disk = disk;
    this.#random = random;
  }

  emptyWindow(): VerdictWindow {
    return new VerdictWindow(this.#windowSize);
  }

  /** Mostly the newest snapshot, now and then an old one. */
  resume(): Resume | undefined {
    const { snapshots } = this.#disk;
    const from = this.#random.chance(0.7) ? snapshots.at(-1) : snapshots[0];
    if (!from) return undefined;
    this.store = new MemoryStore(from.documents);
    this.#entries = [...from.entries];
    const window = VerdictWindow.restore(from.entries, from.acceptedCount, this.#windowSize);
    return { window, sealed: from.sealed };
  }

  apply(batch: readonly Judged[], window: VerdictWindow): void {
    const failAt = this.#fails() ? batch.length >> 1 : -1;
    for (const [i, judged] of batch.entries()) {
      if (i === failAt) throw new Error('the state failed');
      const { position, accepted, chain, header, appendedAtMs } = judged;
      this.verdicts.set(position, accepted);
      if (accepted) this.logTimeMs = Math.max(this.logTimeMs, appendedAtMs);
      this.#entries.push({
        position,
        accepted,
        chain,
        writes: accepted ? (header?.writes ?? []) : [],
      });
      foldCommands(judged, {
        command: (payload, _, appendedAtMs) =>
          foldCommandRecord(this.store, payload, position, appendedAtMs),
        event: (event, context) => foldEvent(this.store, evolve, event, context),
        quarantine: () => {},
      });
    }
    this.#entries = this.#entries.slice(-this.#windowSize);
    const last = batch.at(-1);
    if (last && this.#random.chance(0.05)) this.#save(window);
  }

  reset(): void {
    this.store = new MemoryStore();
    this.#entries = [];
    this.verdicts.clear();
    this.#disk.snapshots.length = 0;
  }

  #save(window: VerdictWindow): void {
    const { snapshots } = this.#disk;
    snapshots.push({
      documents: [...this.store.scan('')],
      entries: [...this.#entries],
      acceptedCount: window.acceptedCount,
      window,
      sealed: false,
    });
    if (snapshots.length > 3) snapshots.shift();
  }
}
