import { revokingEvents } from '#libs/events/revoking-events.js';
import type { CommandPayload } from '#libs/events/envelope.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Tracer } from '#libs/runtime/tracer.js';
import { foldCommands } from './fold-commands.js';
import type { Judged } from './judge.js';
import { RecordKind } from './record.js';
import type { Reader } from './reader.js';

export interface LedgerMeterOptions {
  /** Name of the ledger: a label of its metrics. */
  readonly ledger: string;
  readonly reader: Pick<Reader, 'state' | 'onJudged'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Absent: no spans. */
  readonly tracer?: Tracer | undefined;
  /** Seconds from the append of a revoking record (the log's clock) until it was folded here. */
  readonly onRevoked?: (seconds: number, traceparent: string) => void;
}

/**
 * What can be counted and timed about a ledger as it is followed: verdicts, the latency of revocations,
 * and a span for each folded record that is part of a trace. Records that were there before this
 * process are counted only.
 */
export class LedgerMeter {
  readonly ledger: string;
  readonly #options: LedgerMeterOptions;
  readonly #verdicts = new Map<string, number>([['accepted', 0]]);

  constructor(options: LedgerMeterOptions) {
    this.ledger = options.ledger;
    this.#options = options;
    options.reader.onJudged((batch) => this.#take(batch));
  }

  /** Records by verdict: `accepted`, or why they are void. */
  get verdicts(): ReadonlyMap<string, number> {
    return this.#verdicts;
  }

  #take(batch: readonly Judged[]): void {
    const { reader, tracer, onRevoked } = this.#options;
    const heard = tracer !== undefined || onRevoked !== undefined;
    const live = heard && reader.state === 'following';
    for (const judged of batch) {
      const verdict = judged.why ?? 'accepted';
      this.#verdicts.set(verdict, (this.#verdicts.get(verdict) ?? 0) + 1);
      if (live && judged.header?.kind === RecordKind.COMMAND) this.#time(judged);
    }
  }

  #time(judged: Judged): void {
    foldCommands(judged, {
      command: (payload) => this.#folded(judged, payload),
      event: () => {},
      quarantine: () => {},
    });
  }

  #folded({ position, appendedAtMs }: Judged, payload: CommandPayload): void {
    const { tracer, clock, onRevoked, ledger } = this.#options;
    const nowMs = clock.wallMs();
    const { traceparent } = payload;
    if (onRevoked !== undefined && revokes(payload)) {
      onRevoked(Math.max(0, nowMs - appendedAtMs) / 1000, traceparent);
    }
    if (tracer === undefined || traceparent === '') return;
    const startMs = Math.min(appendedAtMs, nowMs);
    const attributes = { 'ledgate.ledger': ledger, 'ledgate.position': position };
    const name = `fold ${payload.command}`;
    tracer.start({ name, kind: 'CONSUMER', traceparent, attributes, startMs })?.end();
  }
}

function revokes({ events }: CommandPayload): boolean {
  return events.some((stored) => stored.known && revokingEvents.has(stored.event.type));
}
