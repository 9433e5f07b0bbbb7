import { describe, expect, it } from 'vitest';
import { encodeSigned, maxRecordBytes, RecordKind } from '#libs/ledger/record.js';
import { formatAnnouncement, macKeyAnnouncement } from '#libs/ledger/announcements.js';
import { Judge } from '#libs/ledger/judge.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { after, entry, header, key, ledger, macKeys, newJudge, sealed, secret } from './records.js';

const needsNewer = expect.objectContaining({ reason: 'NEEDS_NEWER_BUILD' }) as Error;

describe('Judge', () => {
  it('refuses records out of order', () => {
    expect(() => newJudge().judge(entry(1, null))).toThrow(RangeError);
  });

  it('voids a record that reads or writes a key written after its snapshot', () => {
    for (const change of [{ reads: [key('a')] }, { writes: [key('a')] }]) {
      const judge = newJudge();
      judge.judge(entry(0, after(judge, { writes: [key('a')] })));
      const late = after(judge, { basedOn: -1, chain: new Uint8Array(16), ...change });
      expect(judge.judge(entry(1, late)).why).toBe('conflict');
      expect(judge.judge(entry(2, after(judge, change))).accepted).toBe(true);
    }
  });

  it('lets a void record write nothing', () => {
    const judge = newJudge();
    judge.judge(entry(0, after(judge, { writes: [key('a')] })));
    judge.judge(
      entry(
        1,
        after(judge, {
          basedOn: -1,
          chain: new Uint8Array(16),
          reads: [key('a')],
          writes: [key('b')],
        }),
      ),
    );
    const third = after(judge, { basedOn: 0, reads: [key('b')] });
    expect(judge.judge(entry(2, third)).accepted).toBe(true);
  });

  it('voids snapshots older than the window and forgets their keys', () => {
    const judge = newJudge(4);
    judge.judge(entry(0, after(judge, { writes: [key('a')] })));
    const old = after(judge, { reads: [key('z')] });
    for (let p = 1; p <= 4; p++) judge.judge(entry(p, after(judge, { writes: [key(`${p}`)] })));
    expect(judge.judge(entry(5, old)).why).toBe('snapshot-too-old');
    expect(judge.window.lastWrite(Buffer.from('a'.repeat(16)))).toBe(-1);
  });

  it('counts control records and null values as void', () => {
    const judge = newJudge();
    const control = { ...entry(0, after(judge, {})), control: true };
    expect(judge.judge(control).why).toBe('malformed');
    expect(judge.judge(entry(1, null)).why).toBe('malformed');
  });

  it('stops, and changes nothing, at an unknown kind or flag', () => {
    const judge = newJudge();
    for (const value of [after(judge, { kind: 77 }), after(judge, { flags: 1 })]) {
      expect(() => judge.judge(entry(0, value))).toThrow(needsNewer);
      expect(judge.window.position).toBe(-1);
    }
  });

  it('stops at another format only once a FEATURE_LEVEL announced it', () => {
    const judge = newJudge();
    const newer = after(judge, {});
    newer[2] = 0x32;
    expect(judge.judge(entry(0, newer)).why).toBe('malformed');
    const level = { kind: RecordKind.FEATURE_LEVEL, writes: [formatAnnouncement(0x32)] };
    const forged = after(judge, level);
    forged[forged.length - 1]! ^= 1;
    judge.judge(entry(1, forged));
    expect(judge.judge(entry(2, newer)).why).toBe('malformed');
    judge.judge(entry(3, after(judge, level)));
    expect(() => judge.judge(entry(4, newer))).toThrow(needsNewer);
  });

  const twoKeys = new MacKeys(
    ledger,
    new Map([
      [1, secret],
      [2, secret.toReversed()],
    ]),
  );

  it('takes a mac key only once a KEY announced it, and from then on no other', () => {
    const judge = new Judge(twoKeys, { window: new VerdictWindow(), sealed: false });
    const under = (macKeyId: number) => after(judge, { macKeyId }, undefined, twoKeys);
    expect(judge.judge(entry(0, under(2))).why).toBe('key');
    expect([judge.macKeyId, judge.judge(entry(1, under(1))).accepted]).toEqual([1, true]);
    const announce = after(judge, { kind: RecordKind.KEY, writes: [macKeyAnnouncement(2)] });
    expect(judge.judge(entry(2, announce)).accepted).toBe(true);
    expect(judge.judge(entry(3, under(1))).why).toBe('key');
    expect([judge.macKeyId, judge.judge(entry(4, under(2))).accepted]).toEqual([2, true]);
    const { window, announced } = judge;
    const resumed = new Judge(twoKeys, { window, sealed: false, announced });
    expect(resumed.judge(entry(5, under(2))).accepted).toBe(true);
  });

  it('stops at the first record under an announced key that it lacks', () => {
    const judge = newJudge();
    const announce = after(judge, { kind: RecordKind.KEY, writes: [macKeyAnnouncement(2)] });
    expect(judge.judge(entry(0, announce)).accepted).toBe(true);
    expect(judge.macKeyId).toBeUndefined();
    const next = after(judge, { macKeyId: 2 }, undefined, twoKeys);
    expect(() => judge.judge(entry(1, next))).toThrow(needsNewer);
  });

  it('does not let somebody without the key stop it by an unknown kind', () => {
    const judge = newJudge();
    const forged = after(judge, { kind: 77 });
    forged[forged.length - 1]! ^= 1;
    expect(judge.judge(entry(0, forged)).why).toBe('mac');
  });

  it('gives records of another ledger no worth', () => {
    const other = new MacKeys('auth.session.v1', new Map([[1, secret]]));
    expect(newJudge().judge(entry(0, sealed(header(), undefined, other))).why).toBe('mac');
  });

  it('voids what is over 256 KiB or 256 keys, however well made', () => {
    const judge = newJudge();
    const big = Buffer.concat([after(judge, {}), Buffer.alloc(maxRecordBytes)]);
    expect(judge.judge(entry(0, big)).why).toBe('malformed');
    const keys = Array.from({ length: 257 }, () => key('k'));
    expect(() => encodeSigned(header({ reads: keys }), new Uint8Array(0))).toThrow(RangeError);
    expect(() => encodeSigned(header(), new Uint8Array(maxRecordBytes))).toThrow(RangeError);
  });

  it('agrees on verdict hashes as of the same position, and only then', () => {
    const [one, two] = [newJudge(), newJudge()];
    for (let p = 0; p < 20; p++) {
      const value = p === 7 ? Buffer.from('x') : after(one, { writes: [key(`${p % 10}`)] });
      one.judge(entry(p, value));
      if (p < 12) two.judge(entry(p, value));
    }
    expect(one.window.verdictHash(11)).toEqual(two.window.verdictHash(11));
    expect(one.window.verdictHash(11)).not.toEqual(one.window.verdictHash(12));
    expect(one.window.verdictHash(20)).toBeUndefined();
    expect(one.window.acceptedCount).toBe(19);
    expect(macKeys.checkValue(1)).toMatch(/^[0-9a-f]{16}$/);
  });
});
