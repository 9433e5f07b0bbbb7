import type { Cluster } from '#libs/ledger/cluster-facts.js';
import type { Resume } from '#libs/ledger/fold.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import type { Reader } from '#libs/ledger/reader.js';
import { SnapshotFolder } from '#libs/ledger/snapshot-folder.js';
import type { Snapshot } from '#libs/ledger/snapshot-file.js';
import type { Clock } from '#libs/runtime/clock.js';
import { nextTurn } from './replay.js';

/** Records that take longer to read again than a state takes to be written. */
const worthKeepingLast = 4_096;
/** Longest work of one turn of the event loop while a state is copied or read, ms. */
const sliceMs = 3;

/** What is done in slices: `run` answers true once all is done. */
interface SlicedWork {
  run(within: () => boolean): boolean;
}

/** How a view lies in a snapshot. */
export interface ViewForm<V> {
  /** Names the form: what another one stored is passed over. */
  readonly id: string;
  writer(view: V, facts: object): SlicedWork & { readonly chunks: readonly Uint8Array[] };
  reader(bytes: Uint8Array): SlicedWork & { readonly view: V; readonly facts: object };
}

export interface SnapshotsOptions {
  readonly folder: string;
  /** Name of the ledger. */
  readonly ledger: string;
  /** Names whose facts these are, and their form. */
  readonly facts: string;
  readonly macKeys: MacKeys;
  readonly clock: Clock;
  /** One is due after this many records … */
  readonly everyRecords: number;
  /** … or after this time, ms, when there were any. */
  readonly everyMs: number;
  /** A file was passed over, or could not be written. */
  readonly onTrouble: (trouble: { readonly path: string; readonly why: string }) => void;
}

/** A fold's whole state. */
export interface FoldedView<V> {
  readonly view: V;
  readonly cluster: Cluster | undefined;
  /** What else the fold remembers, as plain values. */
  readonly facts: object;
}

/** A state to go on from. */
export interface StoredView<V> extends FoldedView<V> {
  readonly judge: Required<Resume>;
}

/** Snapshots of the view of one ledger: written as the ledger grows, read at a start. */
export class ViewSnapshots<V extends { readonly quarantined: { readonly size: number } }> {
  readonly #form: ViewForm<V>;
  readonly #options: SnapshotsOptions;
  readonly #folder: SnapshotFolder;
  #work: Promise<void> = Promise.resolve();
  /** What waits for the disk. */
  #queued = 0;
  #takenAt = -1;
  #takenAtMs: number;
  #written = { position: -1, bytes: 0, atMs: Number.NaN };
  #loadMs = 0;

  constructor(form: ViewForm<V>, options: SnapshotsOptions) {
    const { folder, ledger, facts, macKeys, onTrouble, clock } = options;
    const projection = `${form.id} ${facts}`;
    const onPassedOver = (path: string, why: string): void => onTrouble({ path, why });
    this.#form = form;
    this.#options = options;
    this.#folder = new SnapshotFolder({ folder, ledger, projection, macKeys, onPassedOver });
    this.#takenAtMs = clock.monotonicMs();
  }

  /** The newest on disk that this process wrote or started from; position −1: none. */
  get newest(): { readonly position: number; readonly bytes: number; readonly ageMs: number } {
    const { position, bytes, atMs } = this.#written;
    const ageMs = Number.isNaN(atMs) ? 0 : this.#options.clock.monotonicMs() - atMs;
    return { position, bytes, ageMs };
  }

  /** How long it took to read the one that this process started from, ms. */
  get loadMs(): number {
    return this.#loadMs;
  }

  async nearest(position: number): Promise<StoredView<V> | undefined> {
    const snapshot = await this.#folder.nearest(position);
    return snapshot && (await this.#open(snapshot));
  }

  /** For a start: the newest one at `position` or before. What follows it is due from there on. */
  async startFrom(position = Number.MAX_SAFE_INTEGER): Promise<StoredView<V> | undefined> {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    const snapshot = await this.#folder.nearest(position);
    if (snapshot === undefined) return undefined;
    const stored = await this.#open(snapshot);
    if (stored === undefined) return undefined;
    const nowMs = clock.monotonicMs();
    this.#loadMs = nowMs - beganMs;
    this.#takenAt = stored.judge.window.position;
    this.#takenAtMs = nowMs;
    this.#written = { position: this.#takenAt, bytes: snapshot.bytes, atMs: nowMs };
    return stored;
  }

  /**
   * Copies the state when one is due, in slices, during which it must not change; it is written in the
   * background. Never rejects: what cannot be written is trouble, not the end.
   */
  settle(fold: () => FoldedView<V>, at: Required<Resume>): Promise<void> | undefined {
    if (!this.#isDue(at.window.position)) return undefined;
    const folded = fold();
    // A newer build may understand what this one could not: it must read those records itself.
    if (folded.view.quarantined.size > 0) return undefined;
    return this.#take(folded, at).catch((error: unknown) => this.#trouble('copy', error));
  }

  /**
   * Once the reader has stopped for good: spares the next start what came since the last one. A state
   * that the reader had not read to its place is not kept. Resolves once all is written.
   */
  async finish(reader: Reader, fold: () => FoldedView<V>): Promise<void> {
    const { window, sealed, announced, state, position } = reader;
    await this.#work;
    const whole = state === 'following' && window.position === position;
    if (whole && window.position - this.#takenAt >= worthKeepingLast) {
      const folded = fold();
      if (folded.view.quarantined.size === 0) {
        const at = { window, sealed, announced };
        await this.#take(folded, at).catch((error: unknown) => this.#trouble('copy', error));
      }
    }
    await this.close();
  }

  /** Deletes all: the log holds another history than the state did. */
  discard(): void {
    this.#takenAt = -1;
    this.#written = { position: -1, bytes: 0, atMs: Number.NaN };
    this.#queue('snapshots', () => this.#folder.discard());
  }

  /** Resolves once nothing is being written any more. */
  async close(): Promise<void> {
    await this.#work;
  }

  #isDue(position: number): boolean {
    const { everyRecords, everyMs, clock } = this.#options;
    if (this.#queued > 0 || position <= this.#takenAt) return false;
    return (
      position - this.#takenAt >= everyRecords || clock.monotonicMs() - this.#takenAtMs >= everyMs
    );
  }

  async #take({ view, cluster, facts }: FoldedView<V>, at: Required<Resume>): Promise<void> {
    const { clock } = this.#options;
    const { position } = at.window;
    this.#takenAt = position;
    this.#takenAtMs = clock.monotonicMs();
    const window = at.window.save();
    const writer = this.#form.writer(view, facts);
    while (!writer.run(this.#withinSlice())) await nextTurn();
    const { sealed, announced } = at;
    const { clusterId, epoch } = cluster ?? { clusterId: '', epoch: 1 };
    const capture = { clusterId, epoch, window, sealed, announced, state: writer.chunks };
    this.#queue(`snapshot at ${position}`, async () => {
      const bytes = await this.#folder.write(capture);
      this.#written = { position, bytes, atMs: clock.monotonicMs() };
    });
  }

  #queue(what: string, work: () => Promise<void>): void {
    this.#queued += 1;
    this.#work = this.#work
      .then(work)
      .catch((error: unknown) => this.#trouble(what, error))
      .then(() => {
        this.#queued -= 1;
      });
  }

  #trouble(what: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#options.onTrouble({ path: `${this.#options.folder} (${what})`, why });
  }

  /** The MAC was right, so only a defect of ours could be met here: the ledger is read instead. */
  async #open(snapshot: Snapshot): Promise<StoredView<V> | undefined> {
    const reader = this.#form.reader(snapshot.state);
    try {
      while (!reader.run(this.#withinSlice())) await nextTurn();
    } catch (error) {
      this.#trouble('read', error);
      return undefined;
    }
    const { clusterId, epoch, judge } = snapshot;
    const cluster = clusterId === '' ? undefined : { clusterId, epoch };
    return { judge, view: reader.view, facts: reader.facts, cluster };
  }

  #withinSlice(): () => boolean {
    const { clock } = this.#options;
    const until = clock.monotonicMs() + sliceMs;
    return () => clock.monotonicMs() < until;
  }
}
