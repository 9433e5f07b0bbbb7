import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog, LogBatch, LogRecord } from '#libs/ledger/event-log.js';
import { AppendFailed, PositionOutOfRange } from '#libs/ledger/event-log.js';
import { MAX_APPEND_BYTES, MAX_VALUE_BYTES } from '#libs/ledger/append-limits.js';

/** A fresh log of one test, and what the test may do to it from outside. */
export interface LogUnderTest {
  readonly log: EventLog;
  /** A second opener of the same log, as another process would be. */
  openAnother(): Promise<EventLog>;
  /** Puts an entry with a null value into the log. */
  appendNull?(): Promise<void>;
  /** Makes the log lose its entries from `length` on (or all of them, where it cannot do less). */
  cut?(length: number): Promise<void>;
  /** Breaks every connection that is open now. */
  disconnect?(): Promise<void>;
  /** Closes everything that was opened. */
  close(): Promise<void>;
}

/** What an adapter may be excused from, each with the reason. */
export type Cannot = Partial<Record<'appendNull' | 'cut' | 'disconnect', string>>;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const numbered = (prefix: string, n: number): Uint8Array[] =>
  Array.from({ length: n }, (_, i) => text(`${prefix}${i}`));
const shown = (record: LogRecord): string => Buffer.from(record.value ?? []).toString();

/** The first `count` entries from `from` on; waits for those that are not there yet. */
export async function take(log: EventLog, from: number, count: number): Promise<LogRecord[]> {
  const stop = new AbortController();
  const records: LogRecord[] = [];
  for await (const batch of log.tail(from, stop.signal)) {
    records.push(...batch.records);
    if (records.length >= count) break;
  }
  stop.abort();
  return records.slice(0, count);
}

/** The promises of `EventLog`, checked on a fresh log for each test. */
export function eventLogContract(
  name: string,
  makeLog: () => Promise<LogUnderTest>,
  cannot: Cannot = {},
): void {
  describe(`EventLog: ${name}`, () => {
    let made: LogUnderTest;
    let log: EventLog;
    let stop: AbortController;
    beforeEach(async () => {
      made = await makeLog();
      log = made.log;
      stop = new AbortController();
    });
    afterEach(async () => {
      stop.abort();
      await made.close();
    });
    const tail = (from: number): AsyncIterator<LogBatch> =>
      log.tail(from, stop.signal)[Symbol.asyncIterator]();
    const able = (ability: keyof Cannot): boolean => cannot[ability] === undefined;
    const titled = (ability: keyof Cannot, title: string): string => {
      const reason = cannot[ability];
      return reason === undefined ? title : `${title} (${name} cannot: ${reason})`;
    };

    it('L1 an acknowledged append is there for every other opener, in the order given', async () => {
      const first = await log.append(numbered('a', 5));
      const other = await made.openAnother();
      const records = await take(other, 0, 5);
      expect(first).toBe(0);
      expect(records.map(shown)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
    });

    it('L1 appends made at once are each adjacent, at the position they were told', async () => {
      const sizes = Array.from({ length: 120 }, (_, i) => 1 + (i % 7));
      const firsts = await Promise.all(sizes.map((n, i) => log.append(numbered(`${i}:`, n))));
      const total = sizes.reduce((sum, n) => sum + n, 0);
      const values = (await take(log, 0, total)).map(shown);
      expect(values).toHaveLength(total);
      firsts.forEach((first, i) => {
        const own = values.slice(first, first + (sizes[i] as number));
        expect(own).toEqual(own.map((_, k) => `${i}:${k}`));
      });
    });

    it('L1 appends of one caller that are not awaited keep their order', async () => {
      const firsts = await Promise.all(numbered('v', 50).map((value) => log.append([value])));
      expect(firsts).toEqual(Array.from({ length: 50 }, (_, i) => i));
    });

    it('L2 an append that is refused with outcome none never appears', async () => {
      await log.append([text('before')]);
      const tooLarge = [text('small'), new Uint8Array(MAX_VALUE_BYTES + 1)];
      const refused = await log.append(tooLarge).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(AppendFailed);
      expect((refused as AppendFailed).outcome).toBe('none');
      expect(await log.append([text('after')])).toBe(1);
      expect((await take(log, 0, 2)).map(shown)).toEqual(['before', 'after']);
    });

    it('L2 an empty append is refused with outcome none', async () => {
      await expect(log.append([])).rejects.toMatchObject({ outcome: 'none' });
      expect(await log.end()).toBe(0);
    });

    it('L3 tails from different positions and openers see the same values, in order', async () => {
      const other = await made.openAnother();
      const reading = [take(log, 0, 60), take(other, 0, 60)];
      for (let i = 0; i < 30; i += 1) await log.append(numbered(`${i}.`, 2));
      const [mine, others] = await Promise.all(reading);
      const late = await take(other, 41, 19);
      expect(mine?.map((r) => r.position)).toEqual(Array.from({ length: 60 }, (_, i) => i));
      expect(others?.map(shown)).toEqual(mine?.map(shown));
      expect(late).toEqual(mine?.slice(41));
    });

    it('L4 positions are dense and start at 0', async () => {
      expect(await log.end()).toBe(0);
      expect(await log.append([text('x')])).toBe(0);
      expect(await log.append(numbered('y', 3))).toBe(1);
      expect(await log.append([text('z')])).toBe(4);
      expect(await log.end()).toBe(5);
      expect((await take(log, 0, 5)).map((r) => r.position)).toEqual([0, 1, 2, 3, 4]);
    });

    it('L4 trimming takes the oldest entries, and nothing else moves', async () => {
      await log.append(numbered('a', 10));
      expect(await log.start()).toBe(0);
      await log.trim(4);
      await log.trim(2);
      const other = await made.openAnother();
      for (const opened of [log, other]) {
        expect(await opened.start()).toBe(4);
        expect(await opened.end()).toBe(10);
        expect(await opened.read(3)).toBeUndefined();
        expect((await take(opened, 4, 6)).map(shown)).toEqual(['a4', 'a5', 'a6', 'a7', 'a8', 'a9']);
        const below = opened.tail(3, stop.signal)[Symbol.asyncIterator]().next();
        await expect(below).rejects.toBeInstanceOf(PositionOutOfRange);
      }
      expect(await log.append([text('b')])).toBe(10);
      expect((await log.read(4))?.position).toBe(4);
    });

    it('L4 the newest entry cannot be trimmed away', async () => {
      await log.append(numbered('a', 3));
      await expect(log.trim(3)).rejects.toBeInstanceOf(RangeError);
      expect(await log.start()).toBe(0);
      await log.trim(2);
      expect(await log.start()).toBe(2);
      expect((await take(log, 2, 1)).map(shown)).toEqual(['a2']);
    });

    it('L6 a tail whose next position was trimmed away rejects', async () => {
      await log.append(numbered('a', 6));
      const batches = tail(2);
      await log.trim(4);
      await expect(batches.next()).rejects.toBeInstanceOf(PositionOutOfRange);
    });

    it('L5 a tail at the end yields empty batches in time, each with a fresh end', async () => {
      const batches = tail(0);
      const first = await batches.next();
      expect(first.value).toMatchObject({ records: [], end: 0 });
      let before = performance.now();
      for (let i = 0; i < 3; i += 1) {
        const batch = (await batches.next()).value as LogBatch;
        const now = performance.now();
        expect(batch.records).toEqual([]);
        expect(batch.fetchedAtMs).toBeGreaterThanOrEqual(before);
        expect(batch.leaderConfirmedAtMs).toBeLessThanOrEqual(now);
        expect(now - before).toBeLessThan(2_000);
        before = now;
      }
      await log.append([text('new')]);
      const after = (await batches.next()).value as LogBatch;
      expect(after.end).toBe(1);
      expect(after.records.map(shown)).toEqual(['new']);
    });

    it('L5 an append reaches a waiting tail without a wait for the idle time', async () => {
      const batches = tail(0);
      await batches.next();
      const waited: number[] = [];
      for (let i = 0; i < 10; i += 1) {
        const seen = batches.next();
        await new Promise((resolve) => setTimeout(resolve, 20));
        const sent = performance.now();
        await log.append([text(`${i}`)]);
        expect(((await seen).value as LogBatch).records.map(shown)).toEqual([`${i}`]);
        waited.push(performance.now() - sent);
      }
      waited.sort((a, b) => a - b);
      expect(waited[5]).toBeLessThan(200);
    });

    it('L6 a tail from beyond the end rejects; from the end itself it waits', async () => {
      await log.append(numbered('v', 3));
      await expect(tail(4).next()).rejects.toBeInstanceOf(PositionOutOfRange);
      expect((await tail(3).next()).value).toMatchObject({ records: [], end: 3 });
    });

    it.runIf(able('cut'))(
      titled('cut', 'L6 a tail whose next position vanishes rejects'),
      async () => {
        await log.append(numbered('v', 10));
        const batches = tail(0);
        let read = 0;
        while (read < 10) read += ((await batches.next()).value as LogBatch).records.length;
        await made.cut?.(4);
        const untilRejected = async (): Promise<void> => {
          for (;;) await batches.next();
        };
        await expect(untilRejected()).rejects.toBeInstanceOf(PositionOutOfRange);
      },
    );

    it('L7 read returns one entry, or undefined where there is none', async () => {
      await log.append(numbered('v', 3));
      await log.append(numbered('w', 2));
      const [middle] = await take(log, 1, 1);
      expect(await log.read(1)).toEqual(middle);
      expect(shown((await log.read(4)) as LogRecord)).toBe('w1');
      expect(await log.read(5)).toBeUndefined();
      expect(await log.read(5_000)).toBeUndefined();
    });

    it('L8 values come back byte-identical, empty ones and the largest included', async () => {
      const every = Uint8Array.from({ length: 256 }, (_, i) => i);
      const values = [every, new Uint8Array(0), randomBytes(MAX_VALUE_BYTES), randomBytes(1)];
      await log.append(values);
      const records = await take(log, 0, values.length);
      records.forEach((record, i) => {
        expect(Buffer.compare(record.value as Uint8Array, values[i] as Uint8Array)).toBe(0);
        expect(record.control).toBe(false);
        expect(Math.abs(record.appendedAtMs - Date.now())).toBeLessThan(60_000);
      });
    });

    it('L8 one append takes as much as it promises, and refuses more with outcome none', async () => {
      const largest = Array.from({ length: 7 }, () => randomBytes(MAX_VALUE_BYTES));
      expect(await log.append(largest)).toBe(0);
      const more = Array.from({ length: 9 }, () => randomBytes(MAX_APPEND_BYTES / 8));
      await expect(log.append(more)).rejects.toMatchObject({ outcome: 'none' });
      const read = await take(log, 0, 7);
      expect(Buffer.compare(read[6]?.value as Uint8Array, largest[6] as Uint8Array)).toBe(0);
    });

    it.runIf(able('appendNull'))(
      titled('appendNull', 'L8 a null value is reported as null'),
      async () => {
        await log.append([text('a')]);
        await made.appendNull?.();
        await log.append([text('b')]);
        const values = (await take(log, 0, 3)).map((record) => record.value);
        expect(values[1]).toBeNull();
        expect(await log.read(1)).toMatchObject({ position: 1, value: null, control: false });
      },
    );

    it('L9 a tail ends without an error soon after its signal is aborted', async () => {
      const batches = tail(0);
      await batches.next();
      const pending = batches.next();
      await new Promise((resolve) => setTimeout(resolve, 30));
      const abortedAt = performance.now();
      stop.abort();
      let last = await pending;
      if (last.done !== true) last = await batches.next();
      expect(last.done).toBe(true);
      expect(performance.now() - abortedAt).toBeLessThan(250);
    });

    it('L9 the first batch says reconnected, the next do not', async () => {
      const batches = tail(0);
      expect((await batches.next()).value).toMatchObject({ reconnected: true });
      expect((await batches.next()).value).toMatchObject({ reconnected: false });
    });

    it.runIf(able('disconnect'))(
      titled('disconnect', 'L9 a broken connection is mended, and the next batch says so'),
      async () => {
        const batches = tail(0);
        await batches.next();
        expect((await batches.next()).value).toMatchObject({ reconnected: false });
        await made.disconnect?.();
        let batch = (await batches.next()).value as LogBatch;
        for (let i = 0; i < 3 && !batch.reconnected; i += 1) {
          batch = (await batches.next()).value as LogBatch;
        }
        expect(batch.reconnected).toBe(true);
        await log.append([text('after')]);
        expect((await take(log, 0, 1)).map(shown)).toEqual(['after']);
      },
    );

    it('L10 batches of two openers interleave whole', async () => {
      const other = await made.openAnother();
      const writers = [log, other].map(async (writer, w) => {
        for (let round = 0; round < 8; round += 1) {
          await Promise.all(
            [0, 1, 2].map((k) => writer.append(numbered(`${w}/${round}/${k}/`, 4))),
          );
        }
      });
      await Promise.all(writers);
      const values = (await take(log, 0, 192)).map(shown);
      expect(new Set(values).size).toBe(192);
      for (let at = 0; at < 192; at += 4) {
        const batch = (values[at] as string).slice(0, -1);
        expect(values.slice(at, at + 4)).toEqual([0, 1, 2, 3].map((i) => `${batch}${i}`));
      }
    });

    it('close ends the tails, and a closed log refuses appends with outcome none', async () => {
      const batches = tail(0);
      await batches.next();
      const pending = batches.next();
      await log.close();
      let last = await pending;
      if (last.done !== true) last = await batches.next();
      expect(last.done).toBe(true);
      await expect(log.append([text('x')])).rejects.toMatchObject({ outcome: 'none' });
    });
  });
}
