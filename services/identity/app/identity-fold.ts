import { AccessView } from '#libs/access/projection/access-view.js';
import { foldCommandRecord, foldEvent, type Evolve } from '#libs/decider/fold-event.js';
import { Failure } from '#libs/errors/failure.js';
import { featureLevelCodec, genesisCodec, openCodec } from '#libs/events/control-codec.js';
import { foundingLevel } from '#libs/events/feature-levels.js';
import { keyHash } from '#libs/events/keys.js';
import type { AccessSnapshots, FoldedView, StoredView } from '#libs/history/access-snapshots.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { foldCommands } from '#libs/ledger/fold-commands.js';
import type { Fold, Resume } from '#libs/ledger/fold.js';
import { Judge, type Judged } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import type { Reader } from '#libs/ledger/reader.js';
import { RecordKind } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import type { FoldedState } from '#services/identity/ports/folded-state.js';

/** What the control records say about the ledger as a whole. */
export interface ClusterFacts {
  readonly clusterId: string;
  readonly epoch: number;
  /** Name of the ledger, as GENESIS has it. */
  readonly ledger: string;
  /** Ed25519 public key of the checkpoints, 32 bytes. */
  readonly auditPublicKey: Uint8Array;
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
interface Facts {
  readonly cluster: ClusterFacts | undefined;
  readonly logTimeMs: number;
  readonly featureLevel: number;
  readonly sinceCheckpoint: SinceCheckpoint | undefined;
}

/** Raised with every change of `Facts`. */
export const identityFacts = 'identity-1';

/**
 * Everything identity knows of the ledger: documents on disk, and in memory the access view that
 * protects its own RPCs. Both move in the same synchronous step, so a command is authorised and
 * decided on one state. At a start, `catchUp` takes the newest snapshot of the view that is not ahead of
 * the documents, judges the ledger from there (without one: from 0) up to where the documents stand, and
 * folds the view alone, which also proves that the documents belong to the same history.
 */
export class IdentityFold implements Fold {
  readonly #state: FoldedState;
  readonly #evolve: Evolve;
  readonly #snapshots: AccessSnapshots | undefined;
  #view = new AccessView(keyHash);
  #cluster: ClusterFacts | undefined;
  #logTimeMs = 0;
  #featureLevel = foundingLevel;
  #sinceCheckpoint: SinceCheckpoint | undefined;
  #resume: Resume | undefined;

  constructor(state: FoldedState, evolve: Evolve, snapshots?: AccessSnapshots) {
    this.#state = state;
    this.#evolve = evolve;
    this.#snapshots = snapshots;
  }

  get view(): AccessView {
    return this.#view;
  }

  /** `undefined` before GENESIS. */
  get cluster(): ClusterFacts | undefined {
    return this.#cluster;
  }

  /** What writers may use: raised by FEATURE_LEVEL records, never lowered. */
  get featureLevel(): number {
    return this.#featureLevel;
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
   * Brings the view to where the stored documents are, in a log that ends at `end`. A state that is not of this log is dropped;
   * when the log even ends below it, writes were lost: resolves with the two ends then. One with
   * quarantined keys is dropped too, and built again by this build. Rejects NEEDS_NEWER_BUILD like a
   * reader.
   */
  async catchUp(
    log: EventLog,
    macKeys: MacKeys,
    end: number,
  ): Promise<{ readonly position: number; readonly end: number } | undefined> {
    const { position, chain } = this.#state.point;
    if (position < 0) return undefined;
    if (this.#state.quarantinedKeys().length > 0) {
      // This build may be the newer one that understands what an older one could not.
      this.reset();
      return undefined;
    }
    if (end <= position) {
      this.reset();
      return { position, end };
    }
    const stored = await this.#snapshots?.startFrom(position);
    if (stored !== undefined) {
      this.#takeOver(stored);
      const judge = new Judge(macKeys, stored.judge);
      if (Buffer.compare(await this.#replayView(log, judge, position), chain) === 0)
        return undefined;
      // Either may be of another history: only reading all of it tells.
      this.#snapshots?.discard();
      this.#forgetView();
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

  #takeOver({ view, facts }: StoredView): void {
    const { cluster, logTimeMs, featureLevel, sinceCheckpoint } = facts as Facts;
    this.#view = view;
    this.#cluster = cluster;
    this.#logTimeMs = logTimeMs;
    this.#featureLevel = featureLevel;
    this.#sinceCheckpoint = sinceCheckpoint;
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
    const { view, cluster, logTimeMs, featureLevel, sinceCheckpoint } = this;
    const facts: Facts = { cluster, logTimeMs, featureLevel, sinceCheckpoint };
    return { view, cluster, facts };
  }

  resume(): Resume | undefined {
    return this.#resume;
  }

  apply(batch: readonly Judged[], window: VerdictWindow): void {
    this.#resume = undefined;
    const { position, chain } = window;
    this.#state.commit({ position, chain }, () => {
      for (const judged of batch) this.#foldBoth(judged);
    });
  }

  reset(): void {
    this.#state.reset();
    this.#snapshots?.discard();
    this.#forgetView();
  }

  #forgetView(): void {
    this.#view = new AccessView(keyHash);
    this.#cluster = undefined;
    this.#logTimeMs = 0;
    this.#featureLevel = foundingLevel;
    this.#sinceCheckpoint = undefined;
    this.#resume = undefined;
  }

  #foldBoth(judged: Judged): void {
    const [state, view] = [this.#state, this.#view];
    const quarantine = (keys: readonly Uint8Array[]): void => {
      state.quarantine(keys);
      view.quarantine(keys);
    };
    try {
      foldCommands(judged, {
        command: (payload, { position }, appendedAtMs) =>
          foldCommandRecord(state, payload, position, appendedAtMs),
        event: (event, context) => {
          foldEvent(state, this.#evolve, event, context);
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
    const payload = judged.payload ?? new Uint8Array(0);
    if (judged.header.kind === RecordKind.GENESIS) {
      const genesis = genesisCodec.decode(payload);
      if (!genesis.ok) return;
      const { clusterId, ledger, auditPublicKey } = genesis.value;
      this.#cluster ??= { clusterId, epoch: 1, ledger, auditPublicKey };
    }
    if (judged.header.kind === RecordKind.FEATURE_LEVEL) {
      const raised = featureLevelCodec.decode(payload);
      if (raised.ok) this.#featureLevel = Math.max(this.#featureLevel, raised.value.level);
    }
    if (judged.header.kind === RecordKind.OPEN && this.#cluster !== undefined) {
      const opened = openCodec.decode(payload);
      if (!opened.ok || opened.value.epoch <= this.#cluster.epoch) return;
      this.#cluster = { ...this.#cluster, epoch: opened.value.epoch };
      this.#view.open(opened.value.epoch, judged.position);
    }
  }

  #foldCheckpoint(position: number, kind: number, appendedAtMs: number): void {
    if (kind === RecordKind.CHECKPOINT || this.#sinceCheckpoint === undefined) {
      this.#sinceCheckpoint = { position, appendedAtMs, commands: 0 };
    } else if (kind === RecordKind.COMMAND) {
      this.#sinceCheckpoint.commands += 1;
    }
  }
}
