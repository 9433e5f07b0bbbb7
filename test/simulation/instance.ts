import { Failure } from '#libs/errors/failure.js';
import { handleCommand } from '#libs/decider/handle-command.js';
import type { CommandEnvelope, CommandResult } from '#libs/decider/handle-command.js';
import { foldCommandRecord, foldEvent } from '#libs/decider/fold-event.js';
import { MemoryStore } from '#libs/decider/memory-store.js';
import type { Document } from '#libs/decider/state-store.js';
import { commandKey, hashOf, writerKey } from '#libs/events/keys.js';
import type { Defences } from '#libs/ledger/defences.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { Fold, Resume } from '#libs/ledger/fold.js';
import { foldCommands } from '#libs/ledger/fold-commands.js';
import type { Judged } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { Reader } from '#libs/ledger/reader.js';
import { keyBytes } from '#libs/ledger/record.js';
import { keyString, VerdictWindow, type WindowEntry } from '#libs/ledger/verdict-window.js';
import { Writer, type Draft } from '#libs/ledger/writer.js';
import { sleep } from '#libs/runtime/clock.js';
import { decide, evolve, type SimulatedCommand } from './domain.js';
import type { SeededRandom } from './seeded-random.js';
import type { ProcessClock } from './virtual-clock.js';

/** Defences that lie in how a command is handled rather than in the ledger. */
export interface CommandDefences {
  readonly lookUp: boolean;
  readonly commandKey: boolean;
  readonly trackedReads: boolean;
}
export type AllDefences = Defences & CommandDefences;

interface Snapshot extends Resume {
  readonly documents: readonly (readonly [string, Document])[];
  readonly entries: readonly WindowEntry[];
  readonly acceptedCount: number;
}

/** What survives a crash: the snapshots of one instance, newest last. */
export class Disk {
  readonly snapshots: Snapshot[] = [];
}

class InstanceFold implements Fold {
  store = new MemoryStore();
  readonly verdicts = new Map<number, boolean>();
  logTimeMs = 0;
  #entries: WindowEntry[] = [];
  readonly #disk: Disk;
  readonly #random: SeededRandom;
  readonly #windowSize: number;

  constructor(disk: Disk, random: SeededRandom, window: number) {
    this.#windowSize = window;
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
    for (const judged of batch) {
      const { position, accepted, chain, header } = judged;
      this.verdicts.set(position, accepted);
      if (accepted) this.logTimeMs = Math.max(this.logTimeMs, header?.atMs ?? 0);
      this.#entries.push({
        position,
        accepted,
        chain,
        writes: accepted ? (header?.writes ?? []) : [],
      });
      foldCommands(judged, {
        command: (payload, context) => foldCommandRecord(this.store, payload, context),
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

export interface InstanceParts {
  readonly log: EventLog;
  readonly clock: ProcessClock;
  readonly macKeys: MacKeys;
  readonly random: SeededRandom;
  readonly disk: Disk;
  readonly defences: AllDefences;
  readonly window: number;
}

/** One identity process: the production reader, writer and command loop over a small domain. */
export class Instance {
  readonly parts: InstanceParts;
  readonly fold: InstanceFold;
  readonly reader: Reader;
  readonly writer: Writer;
  alive = true;

  constructor(parts: InstanceParts) {
    this.parts = parts;
    const { log, clock, macKeys, random, disk, defences, window } = parts;
    this.fold = new InstanceFold(disk, random, window);
    this.reader = new Reader({ log, clock, macKeys, fold: this.fold, defences });
    const writerId = random.bytes(8);
    this.writer = new Writer({
      log,
      reader: this.reader,
      clock,
      macKeys,
      writerId,
      writerKey: hashOf(writerKey(Buffer.from(writerId).toString('hex'))),
      newRecordId: () => random.bytes(16),
      random: () => random.next(),
      defences,
    });
    // A reader that cannot go on says so by its state.
    this.reader.start().catch(() => {});
  }

  get ready(): boolean {
    return this.alive && this.reader.state === 'following';
  }

  execute(command: SimulatedCommand, envelope: CommandEnvelope): Promise<CommandResult> {
    const { clock, random, log, defences } = this.parts;
    return handleCommand<SimulatedCommand>(
      {
        store: {
          get: (text) =>
            !defences.lookUp && text.includes('/command:') ? undefined : this.fold.store.get(text),
        },
        position: () => this.reader.position,
        logTimeMs: () => this.fold.logTimeMs,
        authorise: () => ({ permittedBy: [] }),
        decide,
        evolve,
        clear: (keys) => this.writer.clear(keys),
        quarantined: () => false,
        submit: async (draft) => {
          const outcome = await this.writer.submit(this.#weakened(draft, envelope));
          return outcome.verdict === 'accepted'
            ? outcome
            : { verdict: 'void', reason: outcome.why };
        },
        recorded: async (position) => {
          const raw = await log.read(position);
          if (!raw?.value) throw new Failure('NOT_READY', 'the record is gone');
          return payloadOf(raw.value);
        },
        wallMs: () => clock.wallMs(),
        sleep: (ms) => sleep(clock, ms),
        random: () => random.next(),
      },
      command,
      envelope,
    );
  }

  crash(): void {
    this.alive = false;
    this.parts.clock.kill();
  }

  #weakened(draft: Omit<Draft, 'tenantHash'>, envelope: CommandEnvelope): Draft {
    const { commandKey: withCommandKey, trackedReads } = this.parts.defences;
    const { tenant, actor, commandId } = envelope;
    const own = keyString(hashOf(commandKey(tenant, actor, commandId)));
    const kept = (key: Uint8Array): boolean => withCommandKey || keyString(key) !== own;
    const reads = trackedReads ? draft.reads : draft.reads.slice(0, 2);
    return {
      tenantHash: new Uint8Array(keyBytes),
      basedOn: draft.basedOn,
      reads: reads.filter(kept),
      writes: draft.writes.filter(kept),
      payload: draft.payload,
    };
  }
}

function payloadOf(value: Uint8Array): Uint8Array {
  const raw = Buffer.from(value);
  const lengthAt = 83 + 16 * (raw.readUInt16BE(79) + raw.readUInt16BE(81));
  return raw.subarray(lengthAt + 4, raw.length - 16);
}
