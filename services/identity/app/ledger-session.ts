import type { AnyCommand, Decide } from '#libs/decider/decide.js';
import {
  handleCommand,
  type Authorise,
  type CommandEnvelope,
  type CommandResult,
  type Draft,
  type Outcome,
} from '#libs/decider/handle-command.js';
import type { LedgerRules } from '#libs/decider/ledger-rules.js';
import { Failure } from '#libs/errors/failure.js';
import { encodeCommandPayload } from '#libs/events/codec.js';
import type { Actor } from '#libs/events/envelope.js';
import { hashOf, writerKey } from '#libs/events/keys.js';
import { knownHashOf } from '#libs/events/known-hashes.js';
import { encodeConsistencyToken, type LedgerPoint } from '#libs/ledger/consistency-token.js';
import type { AccessSnapshots } from '#libs/history/access-snapshots.js';
import type { LedgerSource } from '#libs/history/replay.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { Resume } from '#libs/ledger/fold.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { Reader, type ReaderAlarm } from '#libs/ledger/reader.js';
import { decodeRecord } from '#libs/ledger/record.js';
import { Writer } from '#libs/ledger/writer.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import type { Ids, Random } from '#libs/runtime/ids.js';
import type { IdentityFold } from '#services/identity/app/identity-fold.js';
import type { FoldView, LedgerFold } from '#services/identity/app/ledger-fold.js';
import type { FoldedState } from '#services/identity/ports/folded-state.js';

export interface LedgerSessionOptions<F extends LedgerFold<FoldView>> {
  readonly log: EventLog;
  readonly fold: F;
  /** Those of this ledger. */
  readonly rules: LedgerRules;
  readonly macKeys: MacKeys;
  /** What the cell's ledgers may hold; default: what this one says. */
  readonly featureLevel?: () => number;
  /** Where to begin in a ledger that has lost its beginning. */
  readonly origin?: () => Promise<Resume | undefined>;
  /** The same for questions about the past, which change no state. */
  readonly pastOrigin?: () => Promise<Resume | undefined>;
  readonly snapshots?: AccessSnapshots | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly onAlarm: (alarm: ReaderAlarm) => void;
  readonly onFence: (why: string) => void;
}

const BARRIER_ATTEMPTS = 4;
/** How long a command waits for its own reader before it may say that nothing has to change, ms. */
const CATCH_UP_MS = 2_000;
/** Pause before a log that cannot be reached is asked again. */
const UNREACHABLE_MS = 250;

/** Of either ledger. */
export type AnyLedgerSession = LedgerSession<LedgerFold<FoldView>>;

/** What a command needs beside itself. */
export interface Execution<C extends AnyCommand> {
  readonly command: C;
  readonly decide: Decide<C>;
  readonly authorise: Authorise<C>;
  readonly envelope: CommandEnvelope;
}

/** One instance's connection with one ledger: follows it, and appends what commands decide. */
export class LedgerSession<F extends LedgerFold<FoldView> = IdentityFold> {
  readonly state: FoldedState;
  readonly fold: F;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly #options: LedgerSessionOptions<F>;
  readonly #closing = new AbortController();
  #looking = Promise.resolve();
  #queued: Promise<void> | undefined;

  constructor(options: LedgerSessionOptions<F>) {
    const { log, clock, macKeys, fold, ids, random, onAlarm, origin } = options;
    const writerId = Uint8Array.from(random.bytes(8));
    const instance = Buffer.from(writerId).toString('hex');
    this.#options = options;
    this.state = fold.state;
    this.fold = fold;
    const follow = { log, clock, macKeys, fold, onAlarm };
    this.reader = new Reader(origin === undefined ? follow : { ...follow, origin });
    this.writer = new Writer({
      log,
      reader: this.reader,
      clock,
      macKeys,
      writerId,
      writerKey: hashOf(writerKey(instance)),
      newRecordId: () => Buffer.from(ids.uuid().replaceAll('-', ''), 'hex'),
      random: () => unit(random),
      onFence: options.onFence,
    });
    fold.decodedBefore = (judged) => this.writer.decodedBefore(judged);
  }

  /** What any earlier state can be rebuilt from. */
  get source(): LedgerSource & { readonly snapshots?: AccessSnapshots } {
    const { log, macKeys, snapshots } = this.#options;
    return { log, macKeys, ...(snapshots && { snapshots }) };
  }

  /** Where this ledger can be judged from, where it has lost its beginning. */
  get origin(): (() => Promise<Resume | undefined>) | undefined {
    return this.#options.pastOrigin;
  }

  get snapshots(): AccessSnapshots | undefined {
    return this.#options.snapshots;
  }

  /** Resolves once the state has reached the end of the log. */
  async start(): Promise<void> {
    const { log, macKeys, onAlarm } = this.#options;
    const lost = await this.fold.catchUp(log, macKeys, await this.#endOfLog());
    if (lost !== undefined) onAlarm({ kind: 'acknowledged-writes-lost', ...lost });
    await this.reader.start();
  }

  /** After a power cut everything starts at once, and the brokers may be the last. */
  async #endOfLog(): Promise<number> {
    const { log, clock, onAlarm } = this.#options;
    for (;;) {
      try {
        return await log.end();
      } catch (error) {
        onAlarm({ kind: 'unreachable', error });
        await sleep(clock, UNREACHABLE_MS, this.#closing.signal);
        if (this.#closing.signal.aborted) throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.writer.stop();
    await this.reader.stop();
    await this.fold.close(this.reader);
    await this.state.close();
  }

  /** Throws what keeps this instance from answering, if anything does. */
  requireServing(): void {
    const { state, failure } = this.reader;
    if (failure !== undefined) throw failure;
    if (state === 'diverged') {
      throw new Failure('DIVERGED', 'this instance is rebuilding its state; ask another one');
    }
    if (state !== 'following' || this.fold.cluster === undefined) {
      throw new Failure('NOT_READY', 'this instance is still reading the ledger');
    }
  }

  /** Decides and appends; rejects with the decider's refusal, or with why nothing is known. */
  execute<C extends AnyCommand>(execution: Execution<C>): Promise<CommandResult> {
    this.requireServing();
    const { clock, random, rules, featureLevel } = this.#options;
    return handleCommand<C>(
      {
        rules,
        store: this.state,
        position: () => this.reader.position,
        logTimeMs: () => this.fold.logTimeMs,
        featureLevel: featureLevel ?? (() => this.fold.featureLevel),
        authorise: execution.authorise,
        decide: execution.decide,
        evolve: this.fold.evolve,
        quarantined: (key) =>
          this.state.anyQuarantined && this.state.isQuarantined(knownHashOf(key)),
        clear: (keys) => this.writer.clear(keys)?.then(() => this.requireServing()),
        confirm: () => this.#confirm(),
        submit: (draft) => this.#submit(draft),
        recorded: (position) => this.recorded(position),
        wallMs: () => Math.trunc(clock.wallMs()),
        // The state may be dropped and half rebuilt by now: nothing may be decided on that.
        sleep: (delayMs) => sleep(clock, delayMs).then(() => this.requireServing()),
        random: () => unit(random),
      },
      execution.command,
      execution.envelope,
    );
  }

  async #confirm(): Promise<boolean> {
    const { position } = this.reader;
    const end = await this.#options.log.end().catch((cause: unknown) => {
      throw unavailable('nothing had to change, but that cannot be confirmed now', cause);
    });
    if (end <= position + 1) return true;
    const caughtUp = await this.reader.waitFor(end - 1, CATCH_UP_MS);
    this.requireServing();
    if (caughtUp) return false;
    throw unavailable(
      'this instance is too far behind the ledger to say that nothing had to change',
    );
  }

  /**
   * Resolves once everything is folded that the log held when this was called, or after `timeoutMs`.
   * Whoever asks meanwhile shares the next look: any number of questions costs the log two.
   */
  seeEnd(timeoutMs: number): Promise<void> {
    this.#queued ??= this.#looking.then(() => {
      this.#queued = undefined;
      this.#looking = this.#look(timeoutMs);
      return this.#looking;
    });
    return this.#queued;
  }

  async #look(timeoutMs: number): Promise<void> {
    const { log, clock } = this.#options;
    const late = sleep(clock, timeoutMs).then(() => undefined);
    const end = await Promise.race([log.end().catch(() => undefined), late]);
    if (end !== undefined && end > 0) await this.reader.waitFor(end - 1, timeoutMs);
  }

  /** Payload of the record at a position. Rejects LEDGER_UNAVAILABLE while it cannot be read. */
  async recorded(position: number): Promise<Uint8Array> {
    const record = await this.#options.log.read(position).catch((cause: unknown) => {
      throw unavailable('the command was executed before, but cannot be read now', cause);
    });
    const decoded = decodeRecord(record?.value ?? new Uint8Array(0));
    if (typeof decoded === 'string') {
      throw new Failure('INTERNAL', `position ${position} holds no readable record`);
    }
    return decoded.payload;
  }

  /** Token of everything up to `position`, which this instance has folded. */
  tokenAt(position: number): string {
    const { clusterId, epoch } = this.fold.cluster ?? { clusterId: '', epoch: 1 };
    return encodeConsistencyToken({ clusterId, epoch, ...this.pointAt(position) });
  }

  /** The part of a token that says how far this ledger was read. */
  pointAt(position: number): LedgerPoint {
    const { window } = this.reader;
    const chain = window.chainAt(position);
    // A position out of the window is long past: the present one includes it.
    const at = chain === undefined ? window.position : position;
    const half = Buffer.from((chain ?? window.chain).subarray(0, 8)).toString('hex');
    return { position: at, chain: half };
  }

  /** Appends a record without events: its position includes everything before the call. */
  async barrier(tenant: string, actor: Actor): Promise<number> {
    this.requireServing();
    const payload = encodeCommandPayload({
      tenant,
      actor,
      command: 'AppendBarrier',
      commandId: '',
      requestDigest: '',
      reason: '',
      traceparent: '',
      events: [],
    });
    const tenantHash = tenantHashOf(tenant);
    for (let attempt = 0; attempt < BARRIER_ATTEMPTS; attempt += 1) {
      const basedOn = this.reader.position;
      const draft = { tenantHash, basedOn, reads: [], writes: [], payload };
      const outcome = await this.writer.submit(draft);
      if (outcome.verdict === 'accepted') return outcome.position;
    }
    throw new Failure('CONFLICT', 'the barrier did not count; try again');
  }

  async #submit(draft: Draft): Promise<Outcome> {
    const { tenant, ...rest } = draft;
    const tenantHash = tenantHashOf(tenant);
    const outcome = await this.writer.submit({ tenantHash, ...rest });
    if (outcome.verdict === 'accepted') return outcome;
    return { verdict: 'void', reason: outcome.why };
  }
}

function tenantHashOf(tenant: string): Uint8Array {
  return knownHashOf({ tenant, kind: 'tenant', id: tenant });
}

function unavailable(why: string, cause?: unknown): Failure {
  const details = { cause, retryAfterMs: 500 };
  return new Failure('LEDGER_UNAVAILABLE', `${why}; retry with the same id`, details);
}

/** Uniform in [0, 1). */
function unit(random: Random): number {
  return Buffer.from(random.bytes(4)).readUInt32BE(0) / 2 ** 32;
}
