import { describe, expect, it } from 'vitest';
import { encodeCommandPayload } from '#libs/events/codec.js';
import type { Judged } from '#libs/ledger/judge.js';
import { RecordKind } from '#libs/ledger/record.js';
import { RecentEntries } from '#services/identity/app/subscriptions/recent-entries.js';
import { granted } from '../../support/authorizer/seed-events.js';

const payload = encodeCommandPayload({
  tenant: 'acme',
  actor: { tenant: 'acme', principal: '' },
  command: 'Test',
  commandId: '',
  requestDigest: '',
  reason: '',
  traceparent: '',
  events: [{ known: true, event: granted('p', 'r') }],
});

function judged(position: number, change: Partial<Judged> = {}): Judged {
  const header = { kind: RecordKind.COMMAND, atMs: 1, tenantHash: Buffer.alloc(16) };
  return { position, accepted: true, header, payload, ...change } as Judged;
}
const range = (from: number, to: number): Judged[] =>
  Array.from({ length: to - from + 1 }, (_, i) => judged(from + i));
const positions = (recent: RecentEntries, after: number): number[] =>
  recent.after(after).entries.map(({ position }) => position);
const epoch = () => 1;

describe('recent entries', () => {
  it('keep nothing until somebody listens, and nothing once nobody does', () => {
    const recent = new RecentEntries('L');
    recent.take(range(0, 3), epoch);
    expect(recent.covers(0)).toBe(false);
    recent.begin(3);
    recent.take(range(4, 5), epoch);
    expect([recent.covers(2), recent.covers(3), recent.covers(5), recent.covers(6)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(positions(recent, 3)).toEqual([4, 5]);
    expect(positions(recent, 4)).toEqual([5]);
    recent.stop();
    expect(recent.covers(4)).toBe(false);
  });

  it('pass over what is void and what is no command, and say how far they looked', () => {
    const recent = new RecentEntries('L');
    recent.begin(-1);
    const tick = { kind: RecordKind.TICK } as Judged['header'];
    recent.take([judged(0), judged(1, { accepted: false }), judged(2, { header: tick })], epoch);
    expect(positions(recent, -1)).toEqual([0]);
    expect(recent.after(-1)).toMatchObject({ through: 2, atEnd: true });
  });

  it('hand over in steps, without a gap', () => {
    const recent = new RecentEntries('L');
    recent.begin(-1);
    recent.take(range(0, 999), epoch);
    const seen: number[] = [];
    for (let at = -1; at < 999;) {
      const { entries, through } = recent.after(at);
      seen.push(...entries.map(({ position }) => position));
      at = through;
    }
    expect(seen).toEqual(range(0, 999).map(({ position }) => position));
  });

  it('are bounded: what was dropped is no longer covered', () => {
    const recent = new RecentEntries('L');
    recent.begin(-1);
    for (let from = 0; from < 20_000; from += 1_000) recent.take(range(from, from + 999), epoch);
    expect([recent.covers(0), recent.covers(19_999 - 16_385)]).toEqual([false, false]);
    const first = 19_999 - 8_191;
    expect(recent.covers(first)).toBe(true);
    expect(positions(recent, first)[0]).toBe(first + 1);
  });

  it('show a record that is not understood as such', () => {
    const recent = new RecentEntries('L');
    recent.begin(-1);
    recent.take([judged(0, { payload: Buffer.from('0affffffff') })], epoch);
    expect(recent.after(-1).entries).toMatchObject([{ position: 0, events: undefined }]);
  });
});
