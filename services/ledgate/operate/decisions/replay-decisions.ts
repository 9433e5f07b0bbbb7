import type { DecisionLine } from '#libs/audit/decision-line.js';
import { Failure } from '#libs/errors/failure.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { Judge, type Judged } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { AccessFold } from '#services/authorizer/app/access-fold.js';
import type { DecisionsRead } from './read-decisions.js';
import { reAsk, type PastState } from './re-ask.js';

/** A decision that comes out another way than its line says. */
export interface Difference {
  readonly id: string;
  readonly position: number;
  readonly recorded: string;
  readonly now: string;
}

export interface Replayed {
  readonly same: number;
  readonly differ: readonly Difference[];
  /** Why, and how many. */
  readonly notReAskable: Readonly<Record<string, number>>;
}

/** A log that is only read through. */
export type Readable = Pick<EventLog, 'end' | 'tail'>;

/** Looks on while the ledger is folded. */
export interface Onlooker {
  /** Each record, once the state includes it. */
  onJudged?(judged: Judged, past: PastState): void;
  /** Each decision that came out the same, with the state it was made on. */
  onDecision?(line: DecisionLine, past: PastState): void;
  /** Go on to the end of the ledger, not only to the last decision. */
  readonly toEnd?: boolean;
}

/**
 * Folds the ledger forward once and asks each decision again at its position. `decisions` are sorted
 * by position.
 */
export async function replayDecisions(
  { log, macKeys }: { readonly log: Readable; readonly macKeys: MacKeys },
  decisions: readonly DecisionLine[],
  onlooker: Onlooker = {},
): Promise<Replayed> {
  const replay = new Replay(decisions, onlooker);
  const last = onlooker.toEnd === true ? Infinity : (decisions.at(-1)?.position ?? -1);
  const end = Math.min(await log.end(), last + 1);
  const judge = new Judge(macKeys, { window: replay.window, sealed: false });
  replay.askUpTo(-1);
  if (end > 0) {
    const stop = new AbortController();
    for await (const { records } of log.tail(0, stop.signal)) {
      for (const record of records) {
        if (record.position >= end) break;
        const judged = judge.judge(record);
        replay.fold.apply([judged]);
        onlooker.onJudged?.(judged, replay);
        replay.askUpTo(record.position);
      }
      if (judge.window.position >= end - 1) break;
    }
    stop.abort();
  }
  replay.restIsAhead();
  return replay.result();
}

class Replay {
  readonly fold = new AccessFold();
  readonly window = new VerdictWindow();
  readonly #decisions: readonly DecisionLine[];
  readonly #onlooker: Onlooker;
  readonly #differ: Difference[] = [];
  readonly #notReAskable: Record<string, number> = {};
  #next = 0;
  #same = 0;

  constructor(decisions: readonly DecisionLine[], onlooker: Onlooker) {
    this.#decisions = decisions;
    this.#onlooker = onlooker;
  }

  askUpTo(position: number): void {
    for (;;) {
      const line = this.#decisions[this.#next];
      if (line === undefined || line.position > position) return;
      this.#next += 1;
      this.#ask(line);
    }
  }

  restIsAhead(): void {
    for (const line of this.#decisions.slice(this.#next)) {
      this.#differs(line, 'the ledger ends before this position');
    }
    this.#next = this.#decisions.length;
  }

  result(): Replayed {
    return { same: this.#same, differ: this.#differ, notReAskable: this.#notReAskable };
  }

  #ask(line: DecisionLine): void {
    const chain = this.window.chainAt(line.position);
    const here = chain === undefined ? '' : Buffer.from(chain.subarray(0, 8)).toString('hex');
    if (line.chain !== '' && line.chain !== here) {
      return this.#differs(line, 'the ledger holds another history there');
    }
    const epoch = this.fold.cluster?.epoch ?? 1;
    if (line.epoch !== epoch) return this.#differs(line, `the epoch is ${epoch}`);
    const again = reAsk(line, this);
    if (again.kind === 'not re-askable') {
      this.#notReAskable[again.why] = (this.#notReAskable[again.why] ?? 0) + 1;
      return;
    }
    if (again.outcome !== line.outcome || again.reason !== line.reason) {
      return this.#differs(line, `${again.outcome} ${again.reason}`);
    }
    this.#same += 1;
    this.#onlooker.onDecision?.(line, this);
  }

  #differs(line: DecisionLine, now: string): void {
    const { id, position, outcome, reason } = line;
    this.#differ.push({ id, position, recorded: `${outcome} ${reason}`, now });
  }
}

/** @throws Failure INVALID_ARGUMENT for a file that is no decision log at all. */
export function requireSome({ decisions, gaps, bad }: DecisionsRead, path: string): void {
  if (decisions.length + gaps.length + bad.length > 0) return;
  throw new Failure('INVALID_ARGUMENT', `${path} holds no decision`);
}
