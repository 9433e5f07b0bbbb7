import { Failure } from '#libs/errors/failure.js';
import { nextChain } from '#libs/ledger/chain.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { identify } from '#libs/ledger/judge.js';
import { decodeRecord } from '#libs/ledger/record.js';
import type { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { recordedEvents, type RecordedEvent } from './recorded-events.js';

/** Reads records of the ledger again, one by one, by their positions. */
export class LedgerRecords {
  readonly #log: Pick<EventLog, 'read'>;
  readonly #window: () => VerdictWindow;

  constructor(log: Pick<EventLog, 'read'>, window: () => VerdictWindow) {
    this.#log = log;
    this.#window = window;
  }

  /** Events at these positions, in order. Rejects LEDGER_UNAVAILABLE. */
  async read(positions: readonly number[]): Promise<readonly RecordedEvent[]> {
    const read = await Promise.all(positions.map((position) => this.#readOne(position)));
    return read.flat();
  }

  async #readOne(position: number): Promise<RecordedEvent[]> {
    const value = await this.#valueAt(position);
    const record = value === undefined ? undefined : decodeRecord(value);
    if (value === undefined || record === undefined || typeof record === 'string') return [];
    if (!this.#isTheOneWeRead(position, value)) {
      throw new Failure('DIVERGED', `position ${position} holds another record than before`);
    }
    return recordedEvents(position, record.header, record.payload) ?? [];
  }

  async #valueAt(position: number): Promise<Uint8Array | undefined> {
    try {
      return (await this.#log.read(position))?.value ?? undefined;
    } catch (cause) {
      throw new Failure('LEDGER_UNAVAILABLE', 'the ledger cannot be read: try again', {
        cause,
        retryAfterMs: 500,
      });
    }
  }

  /** Within the window the chain proves it; what is older was proven when it was folded. */
  #isTheOneWeRead(position: number, value: Uint8Array): boolean {
    const window = this.#window();
    const before = window.chainAt(position - 1);
    const at = window.chainAt(position);
    if (before === undefined || at === undefined) return true;
    const { hash, mac } = identify(value);
    return Buffer.compare(nextChain(before, position, hash, mac), at) === 0;
  }
}
