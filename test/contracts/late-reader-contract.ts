import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { Fold } from '#libs/ledger/fold.js';
import type { Judged } from '#libs/ledger/judge.js';
import { lateStart } from '#libs/ledger/late-start.js';
import { Reader } from '#libs/ledger/reader.js';
import { trimLedger } from '#libs/ledger/trim-ledger.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { systemClock } from '#libs/runtime/clock.js';
import {
  checkpointedHistory,
  historyAuditKey,
  historyCluster,
  historyKeys,
  historyLedger,
} from '../support/ledger/checkpointed-history.js';
import type { LogUnderTest } from './event-log-contract.js';

const size = 64;

/** Remembers each verdict and chain. */
class Verdicts implements Fold {
  readonly seen = new Map<number, string>();
  emptyWindow(): VerdictWindow {
    return new VerdictWindow(size);
  }
  resume(): undefined {
    return undefined;
  }
  take({ position, accepted, chain }: Judged): void {
    this.seen.set(position, `${accepted} ${Buffer.from(chain).toString('hex')}`);
  }
  apply(batch: readonly Judged[]): void {
    for (const judged of batch) this.take(judged);
  }
  reset(): void {
    this.seen.clear();
  }
}

/** A ledger that is kept for a time only, on a real store. */
export function lateReaderContract(name: string, makeLog: () => Promise<LogUnderTest>): void {
  describe(`a trimmed ledger: ${name}`, () => {
    const readers: Reader[] = [];
    let made: LogUnderTest;
    beforeEach(async () => {
      made = await makeLog();
    });
    afterEach(async () => {
      for (const reader of readers.splice(0)) await reader.stop();
      await made.close();
    });

    const trusting = (log: EventLog) => ({
      log,
      publicKey: historyAuditKey,
      clusterId: historyCluster,
      ledger: historyLedger,
      windowSize: size,
    });

    async function follow(log: EventLog, late: boolean) {
      const fold = new Verdicts();
      const alarms: string[] = [];
      const origin = (): ReturnType<typeof lateStart> => {
        return lateStart(trusting(log), (judged) => fold.take(judged));
      };
      const reader = new Reader({
        log,
        clock: systemClock,
        macKeys: historyKeys,
        fold,
        onAlarm: ({ kind }) => alarms.push(kind),
        ...(late ? { origin } : {}),
      });
      readers.push(reader);
      await reader.start();
      return { fold, reader, alarms: () => alarms.filter((kind) => !expected.has(kind)) };
    }
    // The history holds forged records and old clocks on purpose.
    const expected = new Set(['bad-mac', 'clock-skew']);

    it('a late reader agrees with one that was there from the beginning', async () => {
      const options = { seed: 21, records: 600, windowSize: size, checkpointEvery: 40 };
      const { values } = checkpointedHistory({ ...options, sealed: false });
      const { log } = made;
      await log.append(values.slice(0, 500));
      const old = await follow(log, false);
      await trimLedger(trusting(log), 290);
      expect(await log.start()).toBe(290);
      const late = await follow(await made.openAnother(), true);
      await log.append(values.slice(500));
      for (const one of [old, late]) expect(await one.reader.waitFor(599, 10_000)).toBe(true);
      expect(late.fold.seen.size).toBeGreaterThan(250);
      for (const [position, seen] of late.fold.seen) {
        expect([position, seen]).toEqual([position, old.fold.seen.get(position)]);
      }
      expect(late.fold.seen.get(599)).toBeDefined();
      expect(late.reader.window.verdictHash(599)).toEqual(old.reader.window.verdictHash(599));
      expect([...old.alarms(), ...late.alarms()]).toEqual([]);
    });

    it('a reader without checkpoints to start from finds no way in', async () => {
      const options = { seed: 22, records: 300, windowSize: size, checkpointEvery: 40 };
      const { values } = checkpointedHistory({ ...options, sealed: false });
      const { log } = made;
      await log.append(values);
      const refused = trimLedger(trusting(log), 250);
      await expect(refused).rejects.toMatchObject({ reason: 'WRONG_STATE' });
      expect(await log.start()).toBe(0);
      // Whoever trims without asking has locked late readers out, and they say so.
      await log.trim(250);
      await expect(lateStart(trusting(log))).rejects.toMatchObject({ reason: 'WRONG_STATE' });
    });
  });
}
