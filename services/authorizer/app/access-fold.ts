import { AccessView } from '#libs/access/projection/access-view.js';
import { keyHash } from '#libs/events/keys.js';
import type { AccessSnapshots, FoldedView } from '#libs/history/access-snapshots.js';
import { ClusterFacts, type Cluster } from '#libs/ledger/cluster-facts.js';
import { foldCommands, type CommandSink } from '#libs/ledger/fold-commands.js';
import type { Fold, Resume } from '#libs/ledger/fold.js';
import type { Reader } from '#libs/ledger/reader.js';
import type { Judged } from '#libs/ledger/judge.js';

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
  #facts = clusterFacts();
  #generation = 0;
  #accepted = 0;
  #void = 0;

  constructor(snapshots?: AccessSnapshots) {
    this.#snapshots = snapshots;
  }

  get view(): AccessView {
    return this.#view;
  }

  /** `undefined` before GENESIS was read. */
  get cluster(): Cluster | undefined {
    return this.#facts.cluster;
  }

  /** What writers may use: raised by FEATURE_LEVEL records, never lowered. */
  get featureLevel(): number {
    return this.#facts.featureLevel;
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
    this.#facts = clusterFacts({ cluster: stored.cluster, featureLevel: facts.featureLevel });
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
    this.#facts = clusterFacts();
    this.#accepted = 0;
    this.#void = 0;
    this.#generation += 1;
  }

  #applyOne(judged: Judged): void {
    this.#accepted += 1;
    try {
      foldCommands(judged, this.#sink);
      const opened = this.#facts.take(judged);
      if (opened !== undefined) this.#view.open(opened.epoch, opened.position);
    } catch {
      // What decodes but cannot be applied closes its own keys, and nothing else.
      this.#view.quarantine(judged.header?.writes ?? []);
    }
  }
}

function clusterFacts(from?: {
  readonly cluster: Cluster | undefined;
  readonly featureLevel: number;
}): ClusterFacts<Cluster> {
  return new ClusterFacts(({ clusterId }) => ({ clusterId, epoch: 1 }), from);
}

function sinkOf(view: AccessView): CommandSink {
  return {
    event: (event, context) => view.apply(event, context),
    quarantine: (keys) => view.quarantine(keys),
  };
}
