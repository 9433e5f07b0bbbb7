import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { MacKeys } from '#libs/ledger/mac.js';
import type { ReaderAlarm } from '#libs/ledger/reader.js';
import { sleep, systemClock } from '#libs/runtime/clock.js';
import { Client, Told } from './client.js';
import { findingsOf, type LedgerFindings } from './findings.js';
import { everyDefence, Instance, type AllDefences } from './instance.js';
import { Disk } from './memory-fold.js';
import { SeededRandom } from './seeded-random.js';

export interface LiveLedgerOptions {
  readonly topic: string;
  /** What the instances connect to: a proxy, maybe. */
  readonly brokers: readonly string[];
  /** The brokers themselves: by these the final log is read. */
  readonly direct: readonly string[];
  /** Default 2, each with connections of its own. */
  readonly instances?: number;
  /** Default 8. */
  readonly callers?: number;
  readonly defences?: Partial<AllDefences>;
}

interface Noted<T> {
  readonly instance: number;
  readonly atMs: number;
  readonly what: T;
}

const window = 65_536;
const secret = new SeededRandom(7).bytes(32);
const pace = { thinkMs: 20, retryMs: 100 };

export const nothingWrong: LedgerFindings = {
  lost: 0,
  doubled: 0,
  duplicateNames: 0,
  zombies: 0,
  skews: 0,
  disagreements: 0,
};

/**
 * Several instances of the production reader, writer and command loop on one topic of a real broker,
 * and callers who retry with the same command id wherever they please.
 */
export class LiveLedger {
  readonly told = new Told();
  readonly fences: Noted<string>[] = [];
  readonly alarms: Noted<ReaderAlarm>[] = [];
  readonly instances: Instance[];
  readonly #options: LiveLedgerOptions;
  readonly #random = new SeededRandom(20_260_101);
  readonly #callers: Promise<void>[];
  #running = true;

  constructor(options: LiveLedgerOptions) {
    this.#options = options;
    const { instances = 2, callers = 8 } = options;
    this.instances = Array.from({ length: instances }, (_, i) => this.#open(i));
    this.#callers = Array.from({ length: callers }, () => {
      const mine = new SeededRandom(this.#random.below(2 ** 32));
      const client = new Client(systemClock, mine, () => this.instances, this.told, pace);
      return client.run(() => this.#running);
    });
  }

  get acknowledged(): number {
    return this.told.acknowledged.length;
  }

  /** How many records the readers have found void; the most that any of them has. */
  get voids(): number {
    const voidsOf = ({ fold }: Instance): number =>
      [...fold.verdicts.values()].filter((accepted) => !accepted).length;
    return Math.max(...this.instances.map(voidsOf));
  }

  alarmsOf(kind: ReaderAlarm['kind']): Noted<ReaderAlarm>[] {
    return this.alarms.filter(({ what }) => what.kind === kind);
  }

  /** Lets the callers finish what they are at. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#callers);
  }

  /**
   * Waits until all instances have read the log to its end, and judges it. What was acknowledged up
   * to `excusedUntilMs` may be gone: the log itself was.
   */
  async judge(excusedUntilMs = Number.NEGATIVE_INFINITY): Promise<LedgerFindings> {
    const { topic, direct } = this.#options;
    const log = openKafkaLog({ topic, brokers: direct });
    const values: (Uint8Array | null)[] = [];
    const end = await this.#settled(() => log.end());
    const signal = new AbortController().signal;
    if (end > 0) {
      for await (const batch of log.tail(0, signal)) {
        values.push(...batch.records.map((record) => record.value));
        if (values.length >= end) break;
      }
    }
    await log.close();
    const { told, instances } = this;
    return findingsOf({
      values,
      secret,
      ledger: topic,
      window,
      told,
      instances,
      cutAway: ({ atMs }) => atMs <= excusedUntilMs,
      mayReturn: () => false,
    });
  }

  async close(): Promise<void> {
    await this.stop();
    await Promise.all(this.instances.map((instance) => instance.close()));
  }

  /** The end of the log once nothing more is under way and everybody is there; 15 s at most. */
  async #settled(endOf: () => Promise<number>): Promise<number> {
    const deadlineMs = systemClock.monotonicMs() + 15_000;
    for (;;) {
      const end = await endOf();
      const there = this.instances.every(
        ({ reader, writer, ready }) =>
          ready && reader.position === end - 1 && writer.pendingCount === 0,
      );
      if (there && (await endOf()) === end) return end;
      if (systemClock.monotonicMs() > deadlineMs) throw new Error(`not settled: ${this.#where()}`);
      await sleep(systemClock, 50);
    }
  }

  #where(): string {
    return this.instances
      .map(({ reader, writer }) => `${reader.state} ${reader.position} ${writer.pendingCount}`)
      .join(', ');
  }

  #open(instance: number): Instance {
    const { topic, brokers, defences } = this.#options;
    const note = <T>(what: T): Noted<T> => ({ instance, atMs: systemClock.monotonicMs(), what });
    return new Instance({
      log: openKafkaLog({ topic, brokers }),
      clock: systemClock,
      macKeys: new MacKeys(topic, new Map([[1, secret]])),
      random: this.#random,
      disk: new Disk(),
      defences: { ...everyDefence, ...defences },
      window,
      onFence: (why) => this.fences.push(note(why)),
      onAlarm: (alarm) => this.alarms.push(note(alarm)),
    });
  }
}
