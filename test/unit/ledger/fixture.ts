import type { Fold, Resume } from '#libs/ledger/fold.js';
import type { Judged } from '#libs/ledger/judge.js';
import { Reader, type ReaderAlarm } from '#libs/ledger/reader.js';
import { SimulatedLog, type Network } from '#libs/ledger/simulated/simulated-log.js';
import { perfectNetwork } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import { Writer, type WriterOptions } from '#libs/ledger/writer.js';
import { SeededRandom } from '../../support/ledger/seeded-random.js';
import { VirtualClock } from '../../simulation/virtual-clock.js';
import { key, ledger, macKeys } from './records.js';

/** Remembers what it was given. */
export class ListFold implements Fold {
  judged: Judged[] = [];
  resets = 0;
  from: Resume | undefined;
  /** How many batches, and how many resets, still go wrong half-way. */
  failures = { batches: 0, resets: 0 };
  resume(): Resume | undefined {
    return this.from;
  }
  apply(batch: readonly Judged[]): void {
    if (this.failures.batches-- > 0) {
      this.judged.push(...batch.slice(0, 1));
      throw new Error('no space left on the device');
    }
    this.judged.push(...batch);
  }
  reset(): void {
    if (this.failures.resets-- > 0) throw new Error('no space left on the device');
    this.judged = [];
    this.resets++;
  }
}

/** A reader and a writer on a simulated log, in virtual time. */
export function fixture(network: Partial<Network> = {}, options: Partial<WriterOptions> = {}) {
  const clock = new VirtualClock();
  const store = new SimulatedStore(() => clock.wallMs());
  const log = new SimulatedLog(ledger, store, clock, { ...perfectNetwork, ...network });
  const fold = new ListFold();
  const alarms: ReaderAlarm[] = [];
  const onAlarm = (alarm: ReaderAlarm): void => void alarms.push(alarm);
  const reader = new Reader({ log, clock, macKeys, fold, onAlarm });
  const random = new SeededRandom(1);
  const writer = new Writer({
    log,
    reader,
    clock,
    macKeys,
    writerId: random.bytes(8),
    writerKey: key('w'),
    newRecordId: () => random.bytes(16),
    random: () => random.next(),
    ...options,
  });
  const draft = (letters: { reads?: string; writes?: string }, basedOn = reader.position) => ({
    tenantHash: new Uint8Array(16),
    basedOn,
    reads: Array.from(letters.reads ?? '').map(key),
    writes: Array.from(letters.writes ?? '').map(key),
    payload: new Uint8Array(0),
  });
  return { clock, store, log, fold, reader, writer, alarms, draft };
}
