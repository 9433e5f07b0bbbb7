import { SingleBar } from 'cli-progress';
import { genesisCodec } from '#libs/events/control-codec.js';
import { Failure } from '#libs/errors/failure.js';
import { verifyCheckpoint } from '#libs/ledger/checkpoint.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { foldCommands } from '#libs/ledger/fold-commands.js';
import { Judge, type Judged, type VoidReason } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { RecordKind } from '#libs/ledger/record.js';
import { disagreement } from '#libs/ledger/verdict-agreement.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import type { LateOrigin } from './late-origin.js';

export interface Verification {
  /** Last position; -1: the ledger is empty. */
  readonly position: number;
  /** Hex of the chain there: equal values mean equal histories. */
  readonly chain: string;
  readonly accepted: number;
  /** CHECKPOINT records that are signed with the audit key of GENESIS. */
  readonly checkpoints: number;
  readonly void: Readonly<Partial<Record<VoidReason, number>>>;
  readonly events: Readonly<Record<string, number>>;
  /** What an operator must look at; empty: all is well. */
  readonly findings: readonly string[];
}

/**
 * Judges the whole ledger again, from position 0 to its present end; one that has lost its beginning from
 * two of its checkpoints on (`late`).
 */
export async function verifyLedger(
  log: EventLog,
  macKeys: MacKeys,
  onProgress: (done: number, of: number) => void = () => {},
  late?: LateOrigin,
): Promise<Verification> {
  const end = await log.end();
  const judge = new Judge(macKeys, late?.resume ?? { window: new VerdictWindow(), sealed: false });
  const tally = new Tally(judge, late?.auditKey);
  const stop = new AbortController();
  if (end > judge.window.position + 1) {
    for await (const batch of log.tail(judge.window.position + 1, stop.signal)) {
      for (const record of batch.records) {
        if (record.position >= end) break;
        if (!tally.stopped) tally.add(() => judge.judge(record));
      }
      onProgress(Math.min(end, judge.window.position + 1), end);
      if (judge.window.position >= end - 1 || tally.stopped) break;
    }
    stop.abort();
  }
  return tally.result();
}

/** Draws the progress on standard error while people watch. */
export async function withProgressBar<T>(
  watched: boolean,
  work: (onProgress: (done: number, of: number) => void) => Promise<T>,
  doing = 'judging',
): Promise<T> {
  if (!watched) return work(() => {});
  const format = `${doing} {bar} {value}/{total} records, {eta}s left`;
  const bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true });
  let started = false;
  try {
    return await work((done, of) => {
      if (started) bar.update(done);
      else bar.start(of, done);
      started = true;
    });
  } finally {
    bar.stop();
  }
}

const mostFindings = 20;

class Tally {
  stopped = false;
  readonly #judge: Judge;
  readonly #void: Partial<Record<VoidReason, number>> = {};
  readonly #events: Record<string, number> = {};
  readonly #findings: string[] = [];
  #unsaid = 0;
  #auditKey: Uint8Array | undefined;
  #checkpoints = 0;

  constructor(judge: Judge, auditKey: Uint8Array | undefined) {
    this.#judge = judge;
    this.#auditKey = auditKey;
  }

  add(judgeNext: () => Judged): void {
    try {
      this.#count(judgeNext());
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.stopped = true;
      this.#findings.push(error.message);
    }
  }

  #count(judged: Judged): void {
    const { position, why } = judged;
    if (why !== undefined) this.#void[why] = (this.#void[why] ?? 0) + 1;
    if (why === 'mac') {
      this.#find(`position ${position}: written without the ledger key (it is void)`);
    }
    this.#compare(judged);
    foldCommands(judged, {
      event: (event) => {
        this.#events[event.type] = (this.#events[event.type] ?? 0) + 1;
      },
      quarantine: (keys) => {
        this.#find(`position ${position}: not understood, closes ${keys.length} keys`);
      },
    });
  }

  /** With the wrong key every record is a finding; the first ones tell. */
  #find(text: string): void {
    if (this.#findings.length < mostFindings) this.#findings.push(text);
    else this.#unsaid++;
  }

  #compare(judged: Judged): void {
    const { accepted, header, position, payload = new Uint8Array(0) } = judged;
    if (!accepted) return;
    if (header?.kind === RecordKind.GENESIS && this.#auditKey === undefined) {
      const genesis = genesisCodec.decode(payload);
      if (genesis.ok) this.#auditKey = genesis.value.auditPublicKey;
    }
    const differs = disagreement(judged, this.#judge.window);
    if (differs !== undefined) this.#find(`position ${position}: its writer disagreed: ${differs}`);
    if (header?.kind !== RecordKind.CHECKPOINT) return;
    const checked = verifyCheckpoint(payload, this.#auditKey ?? new Uint8Array(32));
    if (checked.ok) this.#checkpoints += 1;
    else this.#find(`position ${position}: ${checked.problem}`);
  }

  result(): Verification {
    const { window } = this.#judge;
    if (this.#unsaid > 0) this.#findings.push(`and ${this.#unsaid} more`);
    return {
      position: window.position,
      chain: Buffer.from(window.chain).toString('hex'),
      accepted: window.acceptedCount,
      checkpoints: this.#checkpoints,
      void: this.#void,
      events: this.#events,
      findings: this.#findings,
    };
  }
}
