import { describe, expect, it } from 'vitest';
import { tickCodec } from '#libs/events/control-codec.js';
import { sleep } from '#libs/runtime/clock.js';
import { RecordKind } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { fixture } from './fixture.js';
import { after, entry, key, newJudge } from './records.js';

describe('Reader', () => {
  it('says how old its knowledge is, and that it knew nothing before', async () => {
    const { clock, reader } = fixture();
    expect(reader.stalenessMs()).toBe(Infinity);
    void reader.start();
    await clock.run(10);
    expect(reader.state).toBe('following');
    await clock.run(2_000);
    expect(reader.stalenessMs()).toBeLessThanOrEqual(1_000);
  });

  it('waits for a position, but not longer than asked', async () => {
    const { clock, reader, writer, draft } = fixture();
    void reader.start();
    await clock.run(10);
    const never = reader.waitFor(5, 100);
    await clock.run(200);
    expect(await never).toBe(false);
    const soon = reader.waitFor(0, 100);
    void writer.submit(draft({ writes: 'a' }));
    await clock.run(300);
    expect(await soon).toBe(true);
  });

  it('starts over when the log was cut and grew again, and says that writes were lost', async () => {
    const { clock, reader, writer, store, fold, alarms, draft } = fixture();
    void reader.start();
    await clock.run(10);
    for (const letter of 'abcdef') {
      void writer.submit(draft({ writes: letter }));
      await clock.run(clock.monotonicMs() + 50);
    }
    const kept = store.at(1)!.value;
    store.cut(1);
    await clock.run(clock.monotonicMs() + 100);
    expect(reader.state).toBe('diverged');
    await clock.run(clock.monotonicMs() + 6_000);
    expect(reader.state).toBe('following');
    expect(fold.resets).toBe(1);
    expect(reader.lostBelow).toBe(6);
    expect(alarms.map((alarm) => alarm.kind)).toEqual(['diverged', 'acknowledged-writes-lost']);
    store.append([kept]);
    await clock.run(clock.monotonicMs() + 600);
    expect(fold.judged.map((one) => one.position)).toEqual([0, 1]);
  });

  it('finds a changed history behind an unchanged last record', async () => {
    const { clock, reader, writer, store, fold, draft } = fixture();
    void reader.start();
    await clock.run(10);
    for (const letter of 'abc') {
      void writer.submit(draft({ writes: letter }));
      await clock.run(clock.monotonicMs() + 50);
    }
    const last = store.at(2)!.value;
    store.cut(1);
    store.append([Buffer.from('another record'), last]);
    await clock.run(clock.monotonicMs() + 12_000);
    expect(fold.resets).toBe(1);
    expect(reader.position).toBe(2);
  });

  it('takes a new leader that lags with its watermark for no other history, but not for ever', async () => {
    for (const [lagging, resets] of [
      [4, 0],
      [20, 1],
    ] as const) {
      const { clock, log, reader, writer, fold, draft } = fixture();
      void reader.start();
      await clock.run(10);
      void writer.submit(draft({ writes: 'a' }));
      void writer.submit(draft({ writes: 'b' }));
      await clock.run(1_000);
      const tail = log.tail.bind(log);
      log.tail = async function* (from, signal) {
        for (let i = 0; i < (from < 2 ? lagging : 0); i++) {
          await sleep(clock, 400, signal);
          const now = clock.monotonicMs();
          const times = { fetchedAtMs: now, leaderConfirmedAtMs: now };
          yield { records: [], end: from, ...times, reconnected: i === 0 };
        }
        yield* tail(from, signal);
      };
      await clock.run(13_000);
      expect(fold.resets).toBe(resets);
    }
  });

  it('does not use a snapshot of another history', async () => {
    const { clock, reader, store, fold } = fixture();
    const elsewhere = newJudge();
    elsewhere.judge(entry(0, after(elsewhere, { writes: [key('x')] })));
    fold.from = { window: elsewhere.window, sealed: false };
    const here = newJudge();
    store.append([after(here, { writes: [key('y')] })]);
    void reader.start();
    await clock.run(1_000);
    expect(fold.resets).toBe(1);
    expect(fold.judged).toHaveLength(1);
  });

  it('stops before a record that only a newer build can judge', async () => {
    const { clock, reader, store, fold } = fixture();
    const judge = newJudge();
    const first = after(judge, {});
    judge.judge(entry(0, first));
    store.append([first, after(judge, { kind: 99 }), after(judge, {})]);
    const started = reader.start();
    started.catch(() => {});
    await clock.run(1_000);
    await expect(started).rejects.toMatchObject({ reason: 'NEEDS_NEWER_BUILD' });
    expect(reader.state).toBe('stopped');
    expect(fold.judged).toHaveLength(1);
    await expect(reader.waitFor(1, 10)).rejects.toMatchObject({ reason: 'NEEDS_NEWER_BUILD' });
  });

  it('rebuilds once when a TICK disagrees on verdicts, then leaves service', async () => {
    const { clock, reader, store, fold } = fixture();
    const judge = newJudge();
    const tick = (verdictHash: Uint8Array) =>
      after(judge, { kind: RecordKind.TICK }, tickCodec.encode({ position: 0, verdictHash }));
    const first = after(judge, {});
    judge.judge(entry(0, first));
    const right = judge.window.verdictHash(0) ?? new Uint8Array(0);
    const good = tick(right);
    judge.judge(entry(1, good));
    store.append([first, good, tick(new Uint8Array(32))]);
    const started = reader.start();
    started.catch(() => {});
    await clock.run(5_000);
    expect(fold.resets).toBe(1);
    expect(reader.failure).toMatchObject({ reason: 'DIVERGED' });
    expect(new VerdictWindow().verdictHash(0)).toBeUndefined();
  });

  it('builds its state again when the state could not take a batch, also after failed resets', async () => {
    const { clock, reader, writer, fold, alarms, store, draft } = fixture();
    void reader.start();
    await clock.run(10);
    fold.failures = { batches: 1, resets: 2 };
    const outcomes = Array.from('abc').map((letter) => writer.submit(draft({ writes: letter })));
    await clock.run(clock.monotonicMs() + 100);
    expect(reader.state).toBe('diverged');
    await clock.run(clock.monotonicMs() + 5_000);
    expect(await Promise.all(outcomes)).toMatchObject(
      outcomes.map(() => ({ verdict: 'accepted' })),
    );
    expect(reader.state).toBe('following');
    expect(fold.judged.map((one) => one.position)).toEqual([0, 1, 2]);
    expect(store.length).toBe(3);
    expect(alarms.map((alarm) => alarm.kind)).toEqual(Array(3).fill('fold-failed'));
  });

  it('tells every listener, whatever another one does', async () => {
    const { clock, reader, store, alarms } = fixture();
    const heard: number[] = [];
    reader.onJudged(() => {
      throw new Error('a bug');
    });
    reader.onJudged((batch) => heard.push(...batch.map((one) => one.position)));
    void reader.start();
    await clock.run(10);
    store.append([null]);
    store.append([null]);
    await clock.run(1_000);
    expect(heard).toEqual([0, 1]);
    expect(new Set(alarms.map((alarm) => alarm.kind))).toEqual(new Set(['listener-failed']));
  });

  it('treats a gap and a repeated record as another history, before it judges anything', async () => {
    for (const wrong of [0, 3]) {
      const { clock, log, fold, ...rest } = fixture();
      rest.store.append([null, null]);
      let spoilt = false;
      const tail = log.tail.bind(log);
      log.tail = async function* (from, signal) {
        for await (const batch of tail(from, signal)) {
          const records = batch.records.map((record, i) =>
            i === 1 && !spoilt ? { ...record, position: wrong } : record,
          );
          spoilt ||= records.length > 1;
          yield { ...batch, records };
        }
      };
      void rest.reader.start();
      await clock.run(2_000);
      expect(rest.alarms).toMatchObject([{ kind: 'diverged', position: -1 }]);
      expect(fold.judged.map((one) => one.position)).toEqual([0, 1]);
      expect(rest.reader.state).toBe('following');
    }
  });

  it('does not spin when its log is closed before it', async () => {
    const { clock, log, reader } = fixture();
    void reader.start();
    await clock.run(10);
    await log.close();
    await clock.run(2_000);
    expect(reader.stalenessMs()).toBeGreaterThan(1_000);
    await reader.stop();
  });

  it('says so when it is started after it was stopped', async () => {
    const { reader } = fixture();
    await reader.stop();
    await expect(reader.start()).rejects.toMatchObject({ reason: 'NOT_READY' });
  });

  it('keeps a proof of freshness while a new leader is not confirmed yet', async () => {
    const { clock, log, reader } = fixture();
    const tail = log.tail.bind(log);
    log.tail = async function* (from, signal) {
      for await (const batch of tail(from, signal)) {
        yield clock.monotonicMs() < 1_600 ? batch : { ...batch, leaderConfirmedAtMs: -Infinity };
      }
    };
    void reader.start();
    await clock.run(3_000);
    expect(reader.stalenessMs()).toBeGreaterThan(1_400);
    expect(reader.stalenessMs()).toBeLessThan(2_600);
  });
});
