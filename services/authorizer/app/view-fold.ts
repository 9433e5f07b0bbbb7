import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import type { FoldedView, ViewSnapshots } from '#libs/history/view-snapshots.js';
import { ClusterFacts, foundedBy, type FoundedCluster } from '#libs/ledger/cluster-facts.js';
import { foldCommands, type CommandSink } from '#libs/ledger/fold-commands.js';
import type { Fold, Resume } from '#libs/ledger/fold.js';
import type { Judged } from '#libs/ledger/judge.js';
import type { Reader } from '#libs/ledger/reader.js';

/** A state in memory that is a function of one ledger. */
export interface FoldableView {
  readonly quarantined: { readonly size: number };
  apply(event: DomainEvent, context: EventContext): void;
  quarantine(keys: readonly Uint8Array[]): void;
  open(epoch: number, position: number): void;
}

/** What a snapshot keeps beside the view. */
interface Facts {
  readonly cluster: FoundedCluster | undefined;
  readonly featureLevel: number;
  readonly accepted: number;
  readonly void: number;
}

/** Raised with every change of `Facts`. */
export const accessFacts = 'authorizer-2';

/** A ledger folded into a view, in memory; what a start goes on from is in snapshots. */
export class ViewFold<V extends FoldableView> implements Fold {
  readonly #newView: () => V;
  readonly #snapshots: ViewSnapshots<V> | undefined;
  #resume: Resume | undefined;
  #view: V;
  #sink: CommandSink;
  #facts = new ClusterFacts(foundedBy);
  #generation = 0;
  #accepted = 0;
  #void = 0;

  constructor(newView: () => V, snapshots?: ViewSnapshots<V>) {
    this.#newView = newView;
    this.#snapshots = snapshots;
    this.#view = newView();
    this.#sink = sinkOf(this.#view);
  }

  get view(): V {
    return this.#view;
  }

  /** `undefined` before GENESIS was read. */
  get cluster(): FoundedCluster | undefined {
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
    const { cluster, featureLevel, accepted, void: voidRecords } = stored.facts as Facts;
    this.#view = stored.view;
    this.#sink = sinkOf(this.#view);
    this.beginAs(cluster, featureLevel);
    this.#accepted = accepted;
    this.#void = voidRecords;
    this.#generation += 1;
    this.#resume = stored.judge;
  }

  /** What a state knows that does not begin with GENESIS. */
  protected beginAs(cluster: FoundedCluster | undefined, featureLevel: number): void {
    this.#facts = new ClusterFacts(foundedBy, { cluster, featureLevel });
  }

  resume(): Resume | undefined {
    return this.#resume;
  }

  settle(at: Required<Resume>): Promise<void> | undefined {
    return this.#snapshots?.settle(() => this.#folded(), at);
  }

  /** Once the reader has stopped for good: what it has read need not be read again. */
  async close(reader: Reader): Promise<void> {
    await this.#snapshots?.finish(reader, () => this.#folded());
  }

  #folded(): FoldedView<V> {
    const { view, cluster, featureLevel, acceptedRecords, voidRecords } = this;
    const facts: Facts = { cluster, featureLevel, accepted: acceptedRecords, void: voidRecords };
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
    this.#view = this.#newView();
    this.#sink = sinkOf(this.#view);
    this.#facts = new ClusterFacts(foundedBy);
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

function sinkOf(view: FoldableView): CommandSink {
  return {
    event: (event, context) => view.apply(event, context),
    quarantine: (keys) => view.quarantine(keys),
  };
}
