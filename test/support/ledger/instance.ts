import { Failure } from '#libs/errors/failure.js';
import { handleCommand } from '#libs/decider/handle-command.js';
import { stateLedgerRules } from '#libs/decider/ledger-rules.js';
import type { CommandEnvelope, CommandResult } from '#libs/decider/handle-command.js';
import { newestLevel } from '#libs/events/feature-levels.js';
import { commandKey, hashOf, writerKey } from '#libs/events/keys.js';
import { allDefences, type Defences } from '#libs/ledger/defences.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { Reader, type ReaderAlarm } from '#libs/ledger/reader.js';
import { keyBytes } from '#libs/ledger/record.js';
import { keyString } from '#libs/ledger/verdict-window.js';
import { Writer, type Draft } from '#libs/ledger/writer.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import { decide, evolve, type SimulatedCommand } from './domain.js';
import { MemoryFold, type Disk } from './memory-fold.js';
import type { SeededRandom } from './seeded-random.js';

/** Defences that lie in how a command is handled rather than in the ledger. */
export interface CommandDefences {
  readonly lookUp: boolean;
  readonly commandKey: boolean;
  readonly trackedReads: boolean;
}
export type AllDefences = Defences & CommandDefences;

export const everyDefence: AllDefences = {
  ...allDefences,
  lookUp: true,
  commandKey: true,
  trackedReads: true,
};

export interface InstanceParts<C extends Clock> {
  readonly log: EventLog;
  readonly clock: C;
  readonly macKeys: MacKeys;
  readonly random: SeededRandom;
  readonly disk: Disk;
  readonly defences: AllDefences;
  readonly window: number;
  readonly onAlarm?: (alarm: ReaderAlarm) => void;
  readonly onFence?: (why: string) => void;
  /** Drawn once a batch: does the state fail half-way through it? */
  readonly foldFails?: () => boolean;
}

/** One identity process: the production reader, writer and command loop over a small domain. */
export class Instance<C extends Clock = Clock> {
  readonly parts: InstanceParts<C>;
  readonly fold: MemoryFold;
  readonly reader: Reader;
  readonly writer: Writer;
  alive = true;

  constructor(parts: InstanceParts<C>) {
    this.parts = parts;
    const { log, clock, macKeys, random, disk, defences, window } = parts;
    const { onAlarm = () => {}, onFence = () => {}, foldFails = () => false } = parts;
    this.fold = new MemoryFold(disk, random, window, foldFails);
    this.reader = new Reader({ log, clock, macKeys, fold: this.fold, defences, onAlarm });
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
      onFence,
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
        rules: stateLedgerRules,
        store: {
          get: (text) =>
            !defences.lookUp && text.includes('/command:') ? undefined : this.fold.store.get(text),
        },
        position: () => this.reader.position,
        logTimeMs: () => this.fold.logTimeMs,
        featureLevel: () => newestLevel,
        authorise: () => ({ permittedBy: [] }),
        decide,
        evolve,
        clear: (keys) => this.writer.clear(keys),
        confirm: () => Promise.resolve(true),
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

  /** Ends the instance and its connections; a simulated process just dies instead. */
  async close(): Promise<void> {
    this.alive = false;
    this.writer.stop();
    await this.reader.stop();
    await this.parts.log.close();
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
