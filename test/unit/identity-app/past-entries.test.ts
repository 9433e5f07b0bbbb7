import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { Reader } from '#libs/ledger/reader.js';
import { systemClock as clock } from '#libs/runtime/clock.js';
import type { FeedStep } from '#services/identity/app/subscriptions/feed-entry.js';
import {
  entriesOfReplay,
  entriesOfWindow,
  type PastOptions,
} from '#services/identity/app/subscriptions/past-entries.js';
import { positionAtTime } from '#services/identity/app/subscriptions/position-at-time.js';
import { ledgerKey, LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import { granted } from '../../support/authorizer/seed-events.js';

const count = 300;
let folder: string;
let log: EventLog;
let reader: Reader;
let options: PastOptions;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ledgate-past-'));
  log = openEmbeddedLog({ path: folder, name: 'L' });
  const seed = await LedgerSeed.begin(log);
  for (let n = 0; n < count; n += 1) seed.put([granted(`p${n}`, 'r')], { tenant: 't' });
  await seed.flush();
  const macKeys = new MacKeys('L', new Map([[1, Buffer.from(ledgerKey, 'hex')]]));
  const fold = { resume: () => undefined, apply: () => undefined, reset: () => undefined };
  reader = new Reader({ log, clock, macKeys, fold });
  await reader.start();
  const epochAt = () => 1;
  options = { log, macKeys, reader, clock, epochAt, nearest: () => Promise.resolve(undefined) };
});
afterAll(async () => {
  await reader.stop();
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

async function positions(steps: AsyncIterable<FeedStep>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { entries } of steps) seen.push(...entries.map(({ position }) => position));
  return seen;
}
const signal = new AbortController().signal;

describe('the past of a stream', () => {
  it.each([-1, 0, 1, 137, count - 1])(
    'is the same by the window and judged again, behind %i',
    async (after) => {
      const expected = Array.from({ length: count }, (_, i) => i + 1).filter((p) => p > after);
      expect(await positions(entriesOfWindow(options, after, signal))).toEqual(expected);
      expect(await positions(entriesOfReplay(options, after, signal))).toEqual(expected);
    },
  );

  it('is refused where the log is not the one that was judged', async () => {
    const forged: EventLog = {
      ...log,
      name: 'L',
      async *tail(from, stop) {
        for await (const batch of log.tail(from, stop)) {
          const records = batch.records.map((record) =>
            record.position === 200 ? { ...record, value: Buffer.from('forged') } : record,
          );
          yield { ...batch, records };
        }
      },
    };
    const other = { ...options, log: forged };
    const failure = { reason: 'DIVERGED' };
    await expect(positions(entriesOfWindow(other, 10, signal))).rejects.toMatchObject(failure);
    await expect(positions(entriesOfReplay(other, 10, signal))).rejects.toMatchObject(failure);
  });

  it('finds the first position at a time, or the end', async () => {
    const end = await log.end();
    const times = await Promise.all(
      [0, 150, count].map(async (position) => (await log.read(position))?.appendedAtMs ?? 0),
    );
    const [first = 0, , last = 0] = times;
    expect(await positionAtTime(log, end, first - 1)).toBe(0);
    expect(await positionAtTime(log, end, last + 1)).toBe(end);
    const middle = await positionAtTime(log, end, times[1] ?? 0);
    expect((await log.read(middle))?.appendedAtMs).toBe(times[1]);
    const before = middle === 0 ? undefined : await log.read(middle - 1);
    expect(before?.appendedAtMs ?? -1).toBeLessThan(times[1] ?? 0);
  });
});
