import { describe, expect, it } from 'vitest';
import type { AppendFate } from '#libs/ledger/simulated/simulated-log.js';
import { RecordKind } from '#libs/ledger/record.js';
import { fixture } from './fixture.js';
import { after, newJudge } from './records.js';

const well: AppendFate = { arrivals: [1], acknowledgedAfter: 2, timeoutMs: 1_000 };
const lost: AppendFate = { arrivals: [], timeoutMs: 1_000 };

/** A network that gives each append the next fate, and all later ones the last. */
function fates(...list: AppendFate[]) {
  return { append: () => (list.length > 1 ? list.shift()! : list[0]!) };
}

async function started(...args: Parameters<typeof fixture>) {
  const made = fixture(...args);
  void made.reader.start();
  await made.clock.run(10);
  return made;
}

describe('Writer', () => {
  it('sends what arrives together as one batch and answers with positions', async () => {
    const { clock, writer, store, draft } = await started(fates(well));
    const all = Array.from('abc').map((letter) => writer.submit(draft({ writes: letter })));
    await clock.run(1_000);
    const outcomes = await Promise.all(all);
    expect(outcomes).toEqual([0, 1, 2].map((position) => ({ verdict: 'accepted', position })));
    expect(store.length).toBe(3);
    expect(writer.pendingCount).toBe(0);
  });

  it('answers void, with the reason, when a key was written meanwhile', async () => {
    const { clock, writer, draft } = await started(fates(well));
    const [first, second] = [draft({ writes: 'a' }), draft({ reads: 'a', writes: 'b' })];
    const both = [writer.submit(first), writer.submit(second)];
    await clock.run(1_000);
    expect(await Promise.all(both)).toMatchObject([
      { verdict: 'accepted' },
      { verdict: 'void', why: 'conflict' },
    ]);
  });

  it('says what is in the way of a command, until it is settled', async () => {
    const { clock, writer, draft } = await started(fates(well));
    void writer.submit(draft({ writes: 'a' }));
    expect(writer.clear(draft({ reads: 'b' }).reads)).toBeUndefined();
    const wait = writer.clear(draft({ reads: 'a' }).reads);
    expect(wait).toBeInstanceOf(Promise);
    await clock.run(1_000);
    await wait;
    expect(writer.clear(draft({ reads: 'a' }).reads)).toBeUndefined();
  });

  it('knows what an own open record says, and only while it holds the bytes that were given', async () => {
    const { clock, writer, fold, draft } = await started(fates(well));
    const payload = Uint8Array.from([1, 2, 3]);
    const decoded = { ok: false, problem: 'of this very command' } as const;
    const known: unknown[] = [];
    fold.apply = (batch) => {
      for (const one of batch) {
        const other = Uint8Array.from([1, 2, 4]);
        known.push(writer.decodedBefore(one), writer.decodedBefore({ ...one, payload: other }));
        const header = one.header && { ...one.header, recordId: new Uint8Array(16) };
        known.push(writer.decodedBefore({ ...one, header }));
        fold.judged.push(one);
      }
    };
    const outcome = writer.submit({ ...draft({ writes: 'a' }), payload, decoded });
    await clock.run(1_000);
    expect((await outcome).verdict).toBe('accepted');
    expect(known).toEqual([decoded, undefined, undefined]);
    expect(writer.decodedBefore(fold.judged[0]!)).toBeUndefined();
  });

  it('settles a lost append with one FENCE: it never counts', async () => {
    const { clock, writer, store, draft } = await started(fates(lost, well));
    const outcome = writer.submit(draft({ writes: 'a' }));
    await clock.run(10_000);
    expect(await outcome).toEqual({ verdict: 'void', why: 'fenced' });
    expect(store.length).toBe(1);
    expect(writer.fencing).toBe(false);
  });

  it('answers accepted when the record was there after all', async () => {
    const { clock, writer, draft } = await started(
      fates({ arrivals: [900], timeoutMs: 500 }, well),
    );
    const outcome = writer.submit(draft({ writes: 'a' }));
    await clock.run(20_000);
    const answer = await outcome;
    // Either the record came before the fence, or the fence came first and voids it for ever.
    expect(['accepted', 'void']).toContain(answer.verdict);
  });

  it('voids by the FENCE what arrives after it', async () => {
    const { clock, writer, store, reader, draft } = await started(
      fates({ arrivals: [5_000], timeoutMs: 500 }, well),
    );
    const outcome = writer.submit(draft({ writes: 'a' }));
    await clock.run(20_000);
    expect(await outcome).toEqual({ verdict: 'void', why: 'fenced' });
    expect(store.length).toBe(2);
    expect(reader.window.acceptedAt(0)).toBe(true);
    expect(reader.window.acceptedAt(1)).toBe(false);
  });

  it('notices an acknowledged record that is not in the log', async () => {
    const { clock, writer, draft } = await started(fates({ ...well, arrivals: [] }, well));
    const outcome = writer.submit(draft({ writes: 'a' }));
    await clock.run(10_000);
    expect(await outcome).toEqual({ verdict: 'void', why: 'fenced' });
  });

  it('rejects what was surely not written, and goes on', async () => {
    const { clock, writer, draft } = await started(fates({ ...well, refused: true }, well));
    const first = writer.submit(draft({ writes: 'a' }));
    first.catch(() => {});
    await clock.run(1_000);
    await expect(first).rejects.toMatchObject({ reason: 'LEDGER_UNAVAILABLE' });
    const second = writer.submit(draft({ writes: 'a' }));
    await clock.run(2_000);
    expect(await second).toMatchObject({ verdict: 'accepted' });
  });

  it('says that nothing counts any more once the ledger is sealed, and fences no longer', async () => {
    const { clock, writer, store, draft } = await started(fates(lost, well));
    const outcome = writer.submit(draft({ writes: 'a' }));
    store.append([after(newJudge(), { kind: RecordKind.SEAL })]);
    await clock.run(10_000);
    expect(await outcome).toEqual({ verdict: 'void', why: 'sealed' });
    expect(writer.fencing).toBe(false);
    expect(store.length).toBe(2);
  });

  it('gives up what its reader cannot read back any more', async () => {
    const { clock, writer, store, reader, draft } = await started(fates(lost, well));
    const outcome = writer.submit(draft({ writes: 'a' }));
    outcome.catch(() => {});
    store.append([after(newJudge(), { kind: 99 })]);
    await clock.run(10_000);
    expect(reader.failure?.reason).toBe('NEEDS_NEWER_BUILD');
    await expect(outcome).rejects.toMatchObject({ reason: 'NOT_READY', cause: reader.failure });
    expect(writer.pendingCount).toBe(0);
  });

  it('takes a copy of its record by somebody without the key for nothing', async () => {
    let copy: Uint8Array | undefined;
    const { clock, log, store, writer, draft } = await started(fates({ ...well, arrivals: [50] }));
    const append = log.append.bind(log);
    log.append = (values) => {
      copy ??= Uint8Array.from(values[0]!);
      return append(values);
    };
    const outcome = writer.submit(draft({ writes: 'a' }));
    await clock.run(20);
    copy![copy!.length - 1]! ^= 1;
    store.append([copy!]);
    await clock.run(1_000);
    expect(await outcome).toEqual({ verdict: 'accepted', position: 1 });
  });

  it('bounds what waits, and refuses after stop', async () => {
    const { writer, draft } = await started(fates(lost), { maxPending: 2 });
    const open = Array.from('ab').map((letter) => writer.submit(draft({ writes: letter })));
    await expect(writer.submit(draft({ writes: 'c' }))).rejects.toMatchObject({
      reason: 'OVERLOADED',
    });
    writer.stop();
    for (const one of open) await expect(one).rejects.toMatchObject({ reason: 'NOT_READY' });
    await expect(writer.submit(draft({}))).rejects.toMatchObject({ reason: 'NOT_READY' });
  });
});
