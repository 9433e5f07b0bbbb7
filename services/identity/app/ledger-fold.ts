import { foldCommandRecord, foldEvent, type Evolve } from '#libs/decider/fold-event.js';
import { Failure } from '#libs/errors/failure.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { ClusterFacts, foundedBy, type FoundedCluster } from '#libs/ledger/cluster-facts.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { foldCommands } from '#libs/ledger/fold-commands.js';
import type { Fold, Resume } from '#libs/ledger/fold.js';
import { Judge, type Judged } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import type { Reader } from '#libs/ledger/reader.js';
import { RecordKind } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import type { FoldedState } from '#services/identity/ports/folded-state.js';

/** What is kept in memory beside the documents. */
export interface FoldView {
  /** 1 until the ledger was restored for the first time. */
  readonly epoch: number;
  /** Position of the OPEN that began the epoch; −1: none. */
  readonly openedAt: number;
  apply(event: DomainEvent, context: EventContext): void;
  /** Nothing can be decided any more on what these keys (16 bytes each) guard. */
  quarantine(keys: readonly Uint8Array[]): void;
  /** A new epoch: what was issued below this position is dead. */
  open(epoch: number, position: number): void;
  /** Forgets what is over since before a time, ms since the Unix epoch; looks at `most` entries. */
  sweep?(beforeMs: number, most: number): void;
}

export interface SinceCheckpoint {
  /** Of the last CHECKPOINT record, or of the first record. */
  readonly position: number;
  /** When the log took it. */
  readonly appendedAtMs: number;
  /** Accepted COMMAND records since. */
  commands: number;
}

/** What a snapshot keeps beside the view. */
export interface LedgerFacts {
  readonly cluster: FoundedCluster | undefined;
  readonly logTimeMs: number;
  readonly featureLevel: number;
  readonly sinceCheckpoint: SinceCheckpoint | undefined;
}

/** Raised with every change of `LedgerFacts`. */
export const identityFacts = 'identity-1';

interface Folded<V> {
  readonly view: V;
  readonly cluster: FoundedCluster | undefined;
  readonly facts: LedgerFacts;
}

/** Stored views of one ledger, written as it grows. */
export interface FoldSnapshots<V> {
  startFrom(
    position?: number,
  ): Promise<
    { readonly view: V; readonly facts: object; readonly judge: Required<Resume> } | undefined
  >;
  settle(fold: () => Folded<V>, at: Required<Resume>): Promise<void> | undefined;
  finish(reader: Reader, fold: () => Folded<V>): Promise<void>;
  discard(): void;
}

export interface LedgerFoldOptions<V> {
  readonly state: FoldedState;
  readonly evolve: Evolve;
  readonly newView: () => V;
  readonly snapshots?: FoldSnapshots<V> | undefined;
}

/**
 * Everything identity knows of one ledger: documents on disk, and a view in memory. Both move in the same
 * synchronous step, so a command is authorised and decided on one state. At a start, `catchUp` takes the
 * newest snapshot of the view that is not ahead of the documents, judges the ledger from there (without
 * one: from 0) up to where the documents stand, and folds the view alone, which also proves that the
 * documents belong to the same history.
 */
export class LedgerFold<V extends FoldView> implements Fold {
  readonly state: FoldedState;
  readonly evolve: Evolve;
  /** What this instance has decoded of a record already, when it appended it. */
  decodedBefore: (judged: Judged) => Judged['decoded'] = () => undefined;
  readonly #newView: () => V;
  readonly #snapshots: FoldSnapshots<V> | undefined;
  #view: V;
  #facts = new ClusterFacts(foundedBy);
  #logTimeMs = 0;
  #sinceCheckpoint: SinceCheckpoint | undefined;
  #resume: Resume | undefined;

  constructor({ state, evolve, newView, snapshots }: LedgerFoldOptions<V>) {
    this.state = state;
    this.evolve = evolve;
    this.#newView = newView;
    this.#snapshots = snapshots;
    this.#view = newView();
  }

  get view(): V {
    return this.#view;
  }

  /** `undefined` before GENESIS. */
  get cluster(): FoundedCluster | undefined {
    return this.#facts.cluster;
  }

  /** What writers may use: raised by FEATURE_LEVEL records, never lowered. */
  get featureLevel(): number {
    return this.#facts.featureLevel;
  }

  /** What came since the last CHECKPOINT, or since the first record. */
  get sinceCheckpoint(): SinceCheckpoint | undefined {
    return this.#sinceCheckpoint;
  }

  /** Newest time, by the log's clock, of the accepted records, ms: log time. */
  get logTimeMs(): number {
    return this.#logTimeMs;
  }

  /**
   * Brings the view to where the stored documents are, in a log that ends at `end`. A state that is not
   * of this log is dropped, and so is one whose log has lost its beginning while there is no snapshot to
   * go on from; when the log even ends below it, writes were lost: resolves with the two ends then. One
   * with quarantined keys is dropped too, and built again by this build. Rejects NEEDS_NEWER_BUILD like
   * a reader.
   */
  async catchUp(
    log: EventLog,
    macKeys: MacKeys,
    end: number,
  ): Promise<{ readonly position: number; readonly end: number } | undefined> {
    const { position, chain } = this.state.point;
    if (position < 0) return undefined;
    if (this.state.quarantinedKeys().length > 0) {
      // This build may be the newer one that understands what an older one could not.
      this.reset();
      return undefined;
    }
    if (end <= position) {
      this.reset();
      return { position, end };
    }
    const first = await log.start();
    const stored = await this.#snapshots?.startFrom(position);
    if (stored !== undefined && stored.judge.window.position + 1 >= first) {
      this.#takeOver(stored);
      const judge = new Judge(macKeys, stored.judge);
      if (Buffer.compare(await this.#replayView(log, judge, position), chain) === 0)
        return undefined;
      // Either may be of another history: only reading all of it tells.
      this.#snapshots?.discard();
      this.#forgetView();
    }
    if (first > 0) {
      this.reset();
      return undefined;
    }
    const judge = new Judge(macKeys, { window: new VerdictWindow(), sealed: false });
    const reached = await this.#replayView(log, judge, position);
    if (Buffer.compare(reached, chain) !== 0) this.reset();
    return undefined;
  }

  /** Resolves with the chain at `upTo`. */
  async #replayView(log: EventLog, judge: Judge, upTo: number): Promise<Uint8Array> {
    const { window } = judge;
    const done = new AbortController();
    try {
      const batches = window.position < upTo ? log.tail(window.position + 1, done.signal) : [];
      for await (const batch of batches) {
        for (const record of batch.records) {
          if (window.position < upTo) this.#foldView(judge.judge(record));
        }
        if (window.position === upTo) break;
      }
    } finally {
      done.abort();
    }
    if (window.position < upTo) {
      throw new Failure('LEDGER_UNAVAILABLE', 'the ledger ended while it was being read');
    }
    this.#resume = { window, sealed: judge.sealed, announced: judge.announced };
    return window.chain;
  }

  #takeOver({ view, facts }: { readonly view: V; readonly facts: object }): void {
    const { cluster, logTimeMs, featureLevel, sinceCheckpoint } = facts as LedgerFacts;
    this.#view = view;
    this.#facts = new ClusterFacts(foundedBy, { cluster, featureLevel });
    this.#logTimeMs = logTimeMs;
    this.#sinceCheckpoint = sinceCheckpoint;
  }

  settle(at: Required<Resume>): Promise<void> | undefined {
    return this.#snapshots?.settle(() => this.#folded(), at);
  }

  /** Once the reader has stopped for good: what it has read need not be read again. */
  async close(reader: Reader): Promise<void> {
    await this.#snapshots?.finish(reader, () => this.#folded());
  }

  #folded(): Folded<V> {
    const { view, cluster, logTimeMs, featureLevel, sinceCheckpoint } = this;
    return { view, cluster, facts: { cluster, logTimeMs, featureLevel, sinceCheckpoint } };
  }

  resume(): Resume | undefined {
    return this.#resume;
  }

  apply(batch: readonly Judged[], window: VerdictWindow): void {
    const { position, chain } = window;
    this.applyAt({ position, chain }, batch);
  }

  /** Takes a batch whose last record is at `point`. */
  protected applyAt(point: FoldedState['point'], batch: readonly Judged[]): void {
    this.#resume = undefined;
    this.state.commit(point, () => {
      for (const judged of batch) this.#foldBoth(judged);
    });
  }

  /** What a state knows that begins in the middle of a ledger. */
  protected beginAs(cluster: FoundedCluster, featureLevel: number): void {
    this.#facts = new ClusterFacts(foundedBy, { cluster, featureLevel });
  }

  reset(): void {
    this.state.reset();
    this.#snapshots?.discard();
    this.#forgetView();
  }

  #forgetView(): void {
    this.#view = this.#newView();
    this.#facts = new ClusterFacts(foundedBy);
    this.#logTimeMs = 0;
    this.#sinceCheckpoint = undefined;
    this.#resume = undefined;
  }

  #foldBoth(judged: Judged): void {
    const { state, view, evolve } = this;
    const quarantine = (keys: readonly Uint8Array[]): void => {
      state.quarantine(keys);
      view.quarantine(keys);
    };
    try {
      judged.decoded ??= this.decodedBefore(judged);
      foldCommands(judged, {
        command: (payload, { position }, appendedAtMs) =>
          foldCommandRecord(state, payload, position, appendedAtMs),
        event: (event, context) => {
          foldEvent(state, evolve, event, context);
          view.apply(event, context);
        },
        quarantine,
      });
    } catch {
      // An event that decodes but cannot be applied: nothing it wrote can be relied on.
      quarantine(judged.header?.writes ?? []);
    }
    this.#foldFacts(judged);
  }

  /** The view alone: the documents have taken everything, or they would be built again. */
  #foldView(judged: Judged): void {
    const view = this.#view;
    try {
      foldCommands(judged, {
        event: (event, context) => view.apply(event, context),
        quarantine: (keys) => view.quarantine(keys),
      });
    } catch {
      view.quarantine(judged.header?.writes ?? []);
    }
    this.#foldFacts(judged);
  }

  #foldFacts(judged: Judged): void {
    if (!judged.accepted || judged.header === undefined) return;
    this.#logTimeMs = Math.max(this.#logTimeMs, judged.appendedAtMs);
    this.#foldCheckpoint(judged.position, judged.header.kind, judged.appendedAtMs);
    const opened = this.#facts.take(judged);
    if (opened !== undefined) this.#view.open(opened.epoch, opened.position);
  }

  #foldCheckpoint(position: number, kind: number, appendedAtMs: number): void {
    if (kind === RecordKind.CHECKPOINT || this.#sinceCheckpoint === undefined) {
      this.#sinceCheckpoint = { position, appendedAtMs, commands: 0 };
    } else if (kind === RecordKind.COMMAND) {
      this.#sinceCheckpoint.commands += 1;
    }
  }
}
