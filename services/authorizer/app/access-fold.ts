import { AccessView } from '#libs/access/projection/access-view.js';
import { featureLevelCodec, genesisCodec, openCodec } from '#libs/events/control-codec.js';
import { foundingLevel } from '#libs/events/feature-levels.js';
import { keyHash } from '#libs/events/keys.js';
import type { AccessSnapshots, FoldedView } from '#libs/history/access-snapshots.js';
import { foldCommands, type CommandSink } from '#libs/ledger/fold-commands.js';
import type { Fold, Resume } from '#libs/ledger/fold.js';
import type { Reader } from '#libs/ledger/reader.js';
import type { Judged } from '#libs/ledger/judge.js';
import { RecordKind } from '#libs/ledger/record.js';

/** Which ledger this is; told by its control records. */
export interface Cluster {
  readonly clusterId: string;
  readonly epoch: number;
}

/** What a snapshot keeps beside the view. */
interface Facts {
  readonly featureLevel: number;
  readonly accepted: number;
  readonly void: number;
}

/** Raised with every change of `Facts`. */
export const accessFacts = 'authorizer-1';

/** The ledger folded into the access view, in memory; what a start goes on from is in snapshots. */
export class AccessFold implements Fold {
  readonly #snapshots: AccessSnapshots | undefined;
  #resume: Resume | undefined;
  #view = new AccessView(keyHash);
  #sink = sinkOf(this.#view);
  #cluster: Cluster | undefined;
  #generation = 0;
  #accepted = 0;
  #void = 0;
  #featureLevel = foundingLevel;

  constructor(snapshots?: AccessSnapshots) {
    this.#snapshots = snapshots;
  }

  get view(): AccessView {
    return this.#view;
  }

  /** `undefined` before GENESIS was read. */
  get cluster(): Cluster | undefined {
    return this.#cluster;
  }

  /** What writers may use: raised by FEATURE_LEVEL records, never lowered. */
  get featureLevel(): number {
    return this.#featureLevel;
  }

  /** Grows whenever anything that an answer rests on may have changed. */
  get generation(): number {
    return this.#generation;
  }

  get acceptedRecords(): number {
    return this.#accepted;
  }

  get voidRecords(): number {
    return this.#void;
  }

  /** Takes over the newest snapshot, if there is one. The reader checks that the log still holds it. */
  async load(): Promise<void> {
    const stored = await this.#snapshots?.startFrom();
    if (stored === undefined) return;
    const facts = stored.facts as Facts;
    this.#view = stored.view;
    this.#sink = sinkOf(this.#view);
    this.#cluster = stored.cluster;
    this.#featureLevel = facts.featureLevel;
    this.#accepted = facts.accepted;
    this.#void = facts.void;
    this.#generation += 1;
    this.#resume = stored.judge;
  }

  resume(): Resume | undefined {
    return this.#resume;
  }

  settle(at: Required<Resume>): Promise<void> | undefined {
    return this.#snapshots?.settle(() => this.#folded(), at);
  }

  /** Once the reader has stopped for good: what it has read need not be read again. */
  async close(reader: Reader): Promise<void> {
    const { window, sealed, announced } = reader;
    const whole = reader.state === 'following' && window.position === reader.position;
    if (whole) await this.#snapshots?.keepLast(() => this.#folded(), { window, sealed, announced });
    await this.#snapshots?.close();
  }

  #folded(): FoldedView {
    const { view, cluster, featureLevel, acceptedRecords, voidRecords } = this;
    const facts: Facts = { featureLevel, accepted: acceptedRecords, void: voidRecords };
    return { view, cluster, facts };
  }

  apply(batch: readonly Judged[]): void {
    this.#resume = undefined;
    for (const judged of batch) {
      if (judged.accepted) this.#applyOne(judged);
      else this.#void += 1;
    }
    this.#generation += 1;
  }

  reset(): void {
    this.#snapshots?.discard();
    this.#resume = undefined;
    this.#view = new AccessView(keyHash);
    this.#sink = sinkOf(this.#view);
    this.#cluster = undefined;
    this.#accepted = 0;
    this.#void = 0;
    this.#featureLevel = foundingLevel;
    this.#generation += 1;
  }

  #applyOne(judged: Judged): void {
    this.#accepted += 1;
    try {
      foldCommands(judged, this.#sink);
      this.#control(judged);
    } catch {
      // What decodes but cannot be applied closes its own keys, and nothing else.
      this.#view.quarantine(judged.header?.writes ?? []);
    }
  }

  #control({ header, payload, position }: Judged): void {
    const bytes = payload ?? new Uint8Array(0);
    if (header?.kind === RecordKind.GENESIS && this.#cluster === undefined) {
      const genesis = genesisCodec.decode(bytes);
      if (genesis.ok) this.#cluster = { clusterId: genesis.value.clusterId, epoch: 1 };
    }
    if (header?.kind === RecordKind.FEATURE_LEVEL) {
      const raised = featureLevelCodec.decode(bytes);
      if (raised.ok) this.#featureLevel = Math.max(this.#featureLevel, raised.value.level);
    }
    if (header?.kind === RecordKind.OPEN && this.#cluster !== undefined) {
      const opened = openCodec.decode(bytes);
      if (!opened.ok || opened.value.epoch <= this.#cluster.epoch) return;
      this.#cluster = { ...this.#cluster, epoch: opened.value.epoch };
      this.#view.open(opened.value.epoch, position);
    }
  }
}

function sinkOf(view: AccessView): CommandSink {
  return {
    event: (event, context) => view.apply(event, context),
    quarantine: (keys) => view.quarantine(keys),
  };
}
