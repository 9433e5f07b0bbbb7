import { encodeLine, type LogLine } from '#libs/audit/decision-line.js';
import type { Permission } from '#libs/access/projection/tenant.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Answer } from '../answers.js';
import type { LedgerView } from '../ledger-view.js';
import { Channel, type ChannelOptions, type Waiting } from './channel.js';
import { bytesOf, type DecisionEntry } from './decision-entry.js';
import { lineOf } from './line-of.js';
import { isSampled } from './sampling.js';
import type { Sink } from './sink.js';

export interface DecisionLogOptions {
  readonly ledger: LedgerView;
  readonly clock: Clock;
  /** Instance of the authorizer. */
  readonly authorizer: string;
  readonly sinks: readonly Sink[];
  /** Share of the decisions that need not be recorded, 0 to 1. */
  readonly sample: number;
  /** Of the buffer in front of each sink. */
  readonly most: ChannelOptions['most'];
  readonly onTrouble: ChannelOptions['onTrouble'];
}

/**
 * Writes decisions down: every denial, every decision on a SENSITIVE permission or on one that must be
 * recorded, and a sample of the rest. Answers never wait for it.
 */
export class DecisionLog {
  readonly channels: readonly Channel[];
  readonly #options: DecisionLogOptions;

  constructor(options: DecisionLogOptions) {
    const { clock, authorizer, most, onTrouble, sample } = options;
    this.#options = options;
    this.channels = options.sinks.map(
      (sink) => new Channel({ sink, clock, authorizer, most, onTrouble }),
    );
    this.#offer(this.#mark({ kind: 'start', authorizer, atMs: clock.wallMs(), sample }));
  }

  /** Whether a decision belongs into the log. Makes nothing. */
  wants(answer: Answer, permission: Permission | undefined): boolean {
    if (answer.outcome === 'DENY' || answer.reason === 'CALLER_NOT_PERMITTED') return true;
    if (permission !== undefined) {
      if (permission.risk === 'SENSITIVE' || permission.auditRequired) return true;
    }
    return isSampled(answer.decisionId, this.#options.sample);
  }

  /** Whether a line of any length would be taken by every sink's buffer. */
  get hasRoom(): boolean {
    return this.channels.every((channel) => channel.hasRoom);
  }

  /** Keeps a decision until it is written; where there is no room it is counted as missing. */
  record(entry: DecisionEntry): void {
    const { ledger, authorizer } = this.#options;
    let text: string | undefined;
    this.#offer({
      id: entry.answer.decisionId,
      atMs: entry.nowMs,
      bytes: bytesOf(entry),
      encoded: () => (text ??= encodeLine(lineOf(entry, ledger, authorizer))),
    });
  }

  /** Writes what waits, for `withinMs` at most. Resolves with the number of lines that were lost. */
  async close(withinMs: number): Promise<number> {
    const { authorizer, clock } = this.#options;
    const end = this.#mark({ kind: 'end', authorizer, atMs: clock.wallMs() });
    const left = await Promise.all(this.channels.map((channel) => channel.close(end, withinMs)));
    return left.reduce((sum, lines) => sum + lines, 0);
  }

  #mark(line: LogLine & { readonly atMs: number }): Waiting {
    return { id: '', atMs: line.atMs, bytes: 256, encoded: () => encodeLine(line) };
  }

  #offer(line: Waiting): void {
    for (const channel of this.channels) channel.offer(line);
  }
}
