import { Failure, invalid } from '#libs/errors/failure.js';
import { AccessView } from '#libs/access/projection/access-view.js';
import { keyHash } from '#libs/events/keys.js';
import type { Judged, JudgeState } from '#libs/ledger/judge.js';
import { findChangedHistory } from '#libs/ledger/own-history.js';
import { appendedAt, positionAt, reachable } from './find-position.js';
import type { Moment, Place, When } from './moment.js';
import { Replay, type LedgerSource, type PastState, type SnapshotSource } from './replay.js';

export interface TimeMachineOptions extends LedgerSource {
  readonly snapshots?: SnapshotSource;
  /** Records beyond which a snapshot is looked for: fewer are judged sooner than it is read. */
  readonly snapshotsBeyond?: number;
  /** Last position that may be asked about. Default: the end of the log when it is asked. */
  readonly last?: () => number;
  /** Where records can be judged from in a ledger that has lost its beginning; `undefined`: at 0. */
  readonly origin?: () => Promise<JudgeState | undefined>;
  /** The chain that this process knows at a position, where it still does: both must agree. */
  readonly chainAt?: (position: number) => Uint8Array | undefined;
}

/** A state of the past that is kept: used by some, or kept for who asks next. */
interface Kept {
  replay: Replay;
  users: number;
  moving: boolean;
}

/** States that are in memory at the same time; each is as large as an authorizer's. */
const keptStates = 2;
/** As many records as are judged in the time that a small snapshot takes to be read. */
const farAway = 4_096;
/** Records at the end of a snapshot that are compared with the log. */
const checkedAtSnapshot = 16;
const forEver = new AbortController().signal;

/**
 * Any moment of the whole ledger. The state of then is rebuilt by the rule that every reader goes by,
 * from the nearest snapshot (or from a state that is still kept and lies before), never guessed from
 * the present. At most two states exist at a time: whoever would need a third is OVERLOADED.
 */
export class TimeMachine {
  readonly #options: TimeMachineOptions;
  readonly #kept: Kept[] = [];
  #scans = 0;

  constructor(options: TimeMachineOptions) {
    this.#options = options;
  }

  /**
   * Where a moment lies. Throws INVALID_ARGUMENT for what is not in the ledger (yet); rejects
   * LEDGER_UNAVAILABLE and with the reason of an aborted signal.
   */
  async find(when: When, signal: AbortSignal = forEver): Promise<Place> {
    const { log } = this.#options;
    const last = await this.#last();
    const { position, atMs } = when;
    if (position === undefined) {
      return { position: await positionAt(log, last, when.atMs, signal), atMs: when.atMs };
    }
    if (!Number.isSafeInteger(position) || position < 0 || position > last) {
      throw invalid({ field: 'position', description: `the ledger ends at ${last}` });
    }
    return { position, atMs: atMs ?? (await appendedAt(log, position)) };
  }

  /**
   * Does `work` on the state of a moment. The state must not be kept beyond it. Rejects OVERLOADED,
   * and like `find` and a reader (NEEDS_NEWER_BUILD, DIVERGED).
   */
  async visit<T>(
    place: Place,
    work: (moment: Moment) => T | Promise<T>,
    signal: AbortSignal = forEver,
  ): Promise<T> {
    const kept = await this.#stateAt(place.position, signal);
    try {
      const { past, chain } = kept.replay;
      return await work({ ...place, view: past.view, chain, cluster: past.cluster });
    } finally {
      kept.users -= 1;
    }
  }

  /**
   * The records after `after`, up to and including `upTo`, with their verdicts, judged from the
   * nearest snapshot. Rejects like `visit`.
   */
  async *records(
    after: number,
    upTo: number,
    signal: AbortSignal = forEver,
  ): AsyncGenerator<Judged> {
    if (this.#scans >= keptStates) throw overloaded();
    this.#scans += 1;
    try {
      const from = (await this.#snapshot(after, signal)) ?? (await this.#origin());
      const replay = new Replay(this.#options, from);
      for await (const judged of replay.records(upTo, signal)) {
        if (judged.position > after) yield judged;
      }
    } finally {
      this.#scans -= 1;
    }
  }

  async #origin(): Promise<PastState | undefined> {
    const judge = await this.#options.origin?.();
    return judge && { judge, view: new AccessView(keyHash), cluster: undefined };
  }

  async #last(): Promise<number> {
    const { last, log } = this.#options;
    return last === undefined ? (await reachable(log.end())) - 1 : last();
  }

  async #stateAt(position: number, signal: AbortSignal): Promise<Kept> {
    const same = this.#kept.find((kept) => !kept.moving && kept.replay.position === position);
    const kept = same ?? this.#take(position);
    try {
      if (same === undefined) await this.#move(kept, position, signal);
      else kept.users += 1;
      this.#requireSameHistory(kept.replay);
      return this.#newest(kept);
    } catch (error) {
      this.#drop(kept);
      throw error;
    }
  }

  /** An idle state that lies before, or an empty one. It is taken at once: whoever comes sees it. */
  #take(position: number): Kept {
    const idle = this.#kept.filter(({ users }) => users === 0);
    const [behind] = idle
      .filter(({ replay }) => replay.position < position)
      .sort((a, b) => b.replay.position - a.replay.position);
    if (this.#kept.length >= keptStates) {
      const [oldest] = idle;
      if (oldest === undefined) throw overloaded();
      this.#drop(behind ?? oldest);
    } else if (behind !== undefined) {
      this.#drop(behind);
    }
    const replay = behind?.replay ?? new Replay(this.#options);
    const taken = { replay, users: 1, moving: true };
    this.#kept.push(taken);
    return taken;
  }

  async #move(kept: Kept, position: number, signal: AbortSignal): Promise<void> {
    const { snapshotsBeyond = farAway } = this.#options;
    if (position - kept.replay.position > snapshotsBeyond) {
      const snapshot = await this.#snapshot(position, signal);
      const from = snapshot?.judge.window.position ?? -1;
      if (from > kept.replay.position) kept.replay = new Replay(this.#options, snapshot);
    }
    await kept.replay.advance(position, signal);
    kept.moving = false;
  }

  /** The nearest one, if the log still holds the history that it is of. */
  async #snapshot(position: number, signal: AbortSignal): Promise<PastState | undefined> {
    const { log, snapshots } = this.#options;
    const found = await snapshots?.nearest(position);
    signal.throwIfAborted();
    if (found === undefined) return undefined;
    const { window } = found.judge;
    const check = { log, window, position: window.position, depth: checkedAtSnapshot, signal };
    const changed = await findChangedHistory({ ...check, chainOverAll: true });
    return changed === undefined ? found : undefined;
  }

  /** The log may have been cut since: what this process knows of the same position must agree. */
  #requireSameHistory({ position, chain }: Replay): void {
    const known = this.#options.chainAt?.(position);
    if (known === undefined || Buffer.compare(known, chain) === 0) return;
    throw new Failure('DIVERGED', `the ledger holds another history up to ${position} than before`);
  }

  #drop(kept: Kept): void {
    const at = this.#kept.indexOf(kept);
    if (at >= 0) this.#kept.splice(at, 1);
  }

  /** The last of the list is the one used last. */
  #newest(kept: Kept): Kept {
    this.#drop(kept);
    this.#kept.push(kept);
    return kept;
  }
}

function overloaded(): Failure {
  return new Failure('OVERLOADED', 'other moments of the past are being asked about: try again', {
    retryAfterMs: 1_000,
  });
}
