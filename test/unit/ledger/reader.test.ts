import { describe, expect, it } from 'vitest';
import { tickCodec } from '#libs/events/control-codec.js';
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
});
