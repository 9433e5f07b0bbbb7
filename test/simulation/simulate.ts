import { MacKeys } from '#libs/ledger/mac.js';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import type { ReaderAlarm } from '#libs/ledger/reader-alarm.js';
import { Client, Told } from '../support/ledger/client.js';
import { findingsOf, type LedgerFindings } from '../support/ledger/findings.js';
import { everyDefence, Instance, type AllDefences } from '../support/ledger/instance.js';
import { Disk } from '../support/ledger/memory-fold.js';
import { writeCheckpoint } from '../support/ledger/checkpoint-writer.js';
import { SeededRandom } from '../support/ledger/seeded-random.js';
import { drawFaults, FaultyNetwork, type Faults } from './faults.js';
import { ProcessClock, VirtualClock } from './virtual-clock.js';

/** What one seed showed. All but the first three must be 0. */
export interface Findings extends LedgerFindings {
  readonly acknowledged: number;
  readonly records: number;
  readonly faults: number;
  /** Checkpoints that counted. */
  readonly checkpoints: number;
  /** How often a reader differed from a checkpoint. */
  readonly quarrels: number;
  /** Instances that were not serving long after every fault had ended. */
  readonly stuck: number;
  /** A digest of the whole run: equal seeds give equal traces. */
  readonly trace: string;
}

export interface SimulationOptions {
  readonly defences?: Partial<AllDefences>;
  /** Default: drawn from the seed. */
  readonly faults?: Partial<Faults>;
  /** Size of the verdict window; default 256. */
  readonly window?: number;
  /** Instances write a checkpoint this often, ms; default: none. */
  readonly checkpointMs?: number;
}

const ledger = 'simulated.ledger';
const instanceCount = 3;
const clientCount = 4;
/** A cut is noticed within 5 s; what was said until then, nobody could know better. */
const graceMs = 6_000;
const defaultWindow = 256;
const runMs = 15_000;
const healMs = 12_000;

/** One run of one seed: virtual time, faulty network, crashing processes, production ledger code. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<Findings> {
  return new World(seed, options).run();
}

class World {
  readonly random: SeededRandom;
  readonly clock = new VirtualClock();
  readonly store: SimulatedStore;
  readonly faults: Faults;
  readonly defences: AllDefences;
  readonly window: number;
  readonly secret: Uint8Array;
  readonly macKeys: MacKeys;
  readonly network = { healed: false, down: false };
  readonly disks = Array.from({ length: instanceCount }, () => new Disk());
  readonly instances: Instance<ProcessClock>[];
  readonly told = new Told();
  readonly cuts: { readonly length: number; readonly atMs: number }[] = [];
  readonly checkpointMs: number | undefined;
  checkpoints = 0;
  quarrels = 0;
  happened = 0;

  constructor(seed: number, options: SimulationOptions) {
    this.random = new SeededRandom(seed);
    this.faults = { ...drawFaults(this.random), ...options.faults };
    this.defences = { ...everyDefence, ...options.defences };
    this.window = options.window ?? defaultWindow;
    this.checkpointMs = options.checkpointMs;
    this.store = new SimulatedStore(() => this.clock.wallMs());
    this.secret = this.random.bytes(32);
    this.macKeys = new MacKeys(ledger, new Map([[1, this.secret]]));
    this.instances = this.disks.map((disk) => this.#start(disk));
  }

  async run(): Promise<Findings> {
    this.#plan();
    if (this.checkpointMs !== undefined) this.#planCheckpoints(this.checkpointMs);
    const clients = Array.from({ length: clientCount }, () => {
      const mine = new SeededRandom(this.random.below(2 ** 32));
      const client = new Client(this.clock, mine, () => this.instances, this.told);
      return client.run(() => this.clock.monotonicMs() < runMs);
    });
    await this.clock.run(runMs);
    this.#heal();
    await this.clock.run(runMs + healMs);
    await Promise.race([Promise.all(clients), Promise.resolve()]);
    return this.#findings();
  }

  #start(disk: Disk): Instance<ProcessClock> {
    const { skewMs } = this.faults;
    // Two of three instances keep good time.
    const skewed = disk === this.disks[0];
    const sign = this.random.chance(0.5) ? 1 : -1;
    const clock = new ProcessClock(this.clock, skewed ? Math.trunc(sign * skewMs) : 0);
    const network = new FaultyNetwork(this.random, this.faults, this.network);
    const log = new SimulatedLog(ledger, this.store, clock, network, this.clock);
    const { macKeys, random, defences, window, faults, network: state } = this;
    const foldFails = (): boolean => !state.healed && random.chance(faults.foldErrors);
    const onAlarm = (alarm: ReaderAlarm): void => {
      if (alarm.kind === 'diverged' && alarm.why.includes(' differ from ')) this.quarrels += 1;
    };
    const rest = { window, foldFails, onAlarm };
    return new Instance({ log, clock, macKeys, random, disk, defences, ...rest });
  }

  /** One instance after the other, whatever state it is in. */
  #planCheckpoints(everyMs: number): void {
    for (let at = everyMs, i = 0; at < runMs; at += everyMs, i++) {
      this.clock.after(at, () => {
        const instance = this.instances[i % instanceCount];
        if (instance === undefined) return;
        void writeCheckpoint(instance, ledger).then(
          (counted) => (this.checkpoints += counted ? 1 : 0),
          () => {},
        );
      });
    }
  }

  /** Draws when which disaster comes. */
  #plan(): void {
    const { random, clock, faults } = this;
    const times = (mean: number, act: () => void): void => {
      const count = Math.floor(mean + random.next());
      for (let i = 0; i < count; i++) {
        clock.after(random.between(500, runMs - 500), () => {
          this.happened++;
          act();
        });
      }
    };
    times(faults.pauses, () => this.#pause());
    times(faults.crashes, () => this.#crash());
    times(faults.cuts, () => this.#cut());
    times(faults.forgeries, () => this.#forge());
    times(faults.outages, () => {
      this.network.down = true;
      clock.after(random.between(200, 3_000), () => {
        this.network.down = false;
      });
    });
  }

  #pause(): void {
    const { clock } = this.instances[this.random.below(instanceCount)]!.parts;
    clock.pause();
    this.clock.after(this.random.between(50, 4_000), () => clock.resume());
  }

  #crash(): void {
    const index = this.random.below(instanceCount);
    const instance = this.instances[index]!;
    instance.alive = false;
    instance.parts.clock.kill();
    this.clock.after(this.random.between(1, 1_000), () => {
      if (!this.instances[index]!.alive) this.instances[index] = this.#start(this.disks[index]!);
    });
  }

  #cut(): void {
    const length = Math.max(0, this.store.length - 1 - this.random.below(20));
    this.cuts.push({ length, atMs: this.clock.monotonicMs() });
    const gone = this.store.from(length, 100).map((record) => record.value);
    this.store.cut(length);
    // Half of the time it has grown again before anybody looks: another replica's order of things.
    if (this.random.chance(0.5)) this.store.append([...gone.slice(1), ...gone.slice(0, 1)]);
  }

  /** Somebody without the key repeats a record of the log with one bit changed. */
  #forge(): void {
    const victim = this.store.at(this.random.below(Math.max(1, this.store.length)))?.value;
    if (!victim) return;
    const forged = Uint8Array.from(victim);
    const bit = this.random.below(8 * 69);
    forged[3 + (bit >> 3)] = (forged[3 + (bit >> 3)] ?? 0) ^ (1 << (bit & 7));
    this.store.append([forged]);
  }

  #heal(): void {
    this.network.healed = true;
    for (const instance of this.instances) instance.parts.clock.resume();
  }

  #findings(): Findings {
    const { told, instances, secret, window } = this;
    const values = this.store.from(0, this.store.length).map((record) => record.value);
    const found = findingsOf({
      values,
      secret,
      ledger,
      window,
      told,
      instances,
      cutAway: (ack) =>
        this.cuts.some((cut) => ack.position >= cut.length && ack.atMs <= cut.atMs + graceMs),
      mayReturn: (atMs) => this.cuts.some((cut) => atMs <= cut.atMs + graceMs),
    });
    return {
      ...found,
      acknowledged: told.acknowledged.length,
      records: values.length,
      faults: this.happened,
      checkpoints: this.checkpoints,
      quarrels: this.quarrels,
      stuck: instances.filter((instance) => !instance.ready).length,
      trace: JSON.stringify([values.length, told.acknowledged, told.denied]),
    };
  }
}
