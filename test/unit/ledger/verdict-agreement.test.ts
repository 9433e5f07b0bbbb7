import { describe, expect, it } from 'vitest';
import { featureLevelCodec } from '#libs/events/control-codec.js';
import { newestLevel } from '#libs/events/feature-levels.js';
import { foundingAnnouncements } from '#libs/ledger/announcements.js';
import { checkpointFacts, encodeCheckpoint, signCheckpoint } from '#libs/ledger/checkpoint.js';
import { RecordKind } from '#libs/ledger/record.js';
import { fixture } from './fixture.js';
import { ledger } from './records.js';

const seed = new Uint8Array(32).fill(3);
const context = {
  clusterId: 'c',
  ledger,
  epoch: 1,
  announced: foundingAnnouncements,
  sealed: false,
  featureLevel: 1,
  atMs: 0,
};

/** A ledger of three records, and a CHECKPOINT that says about them what `change` makes of it. */
async function withCheckpoint(change: object = {}) {
  const parts = fixture();
  const { reader, writer, draft, clock } = parts;
  void reader.start();
  await clock.run(clock.monotonicMs() + 1_000);
  for (const writes of ['a', 'b', 'c']) {
    void writer.submit(draft({ writes }));
    await clock.run(clock.monotonicMs() + 1_000);
  }
  const facts = checkpointFacts(reader.window, reader.position, context);
  if (facts === undefined) throw new Error('no facts');
  const payload = encodeCheckpoint(signCheckpoint({ ...facts, ...change }, seed));
  void writer.submit({ ...draft({}), kind: RecordKind.CHECKPOINT, payload }).catch(() => {});
  await clock.run(clock.monotonicMs() + 2_000);
  return parts;
}

describe('what control records say about the past', () => {
  it('a CHECKPOINT that is right alarms nobody', async () => {
    const { alarms, reader } = await withCheckpoint();
    expect(alarms).toEqual([]);
    expect(reader.position).toBe(3);
    expect(reader.state).toBe('following');
  });

  it.each([
    ['another chain', { chain: new Uint8Array(32).fill(1) }],
    ['another verdict hash', { verdictHash: new Uint8Array(32).fill(1) }],
  ])('a reader that disagrees about %s rebuilds once, then leaves service', async (_, change) => {
    const { alarms, reader } = await withCheckpoint(change);
    expect(alarms.map(({ kind }) => kind)).toEqual(['diverged', 'stopped']);
    expect(reader.failure?.reason).toBe('DIVERGED');
  });

  it('a level beyond this build alarms, and the reader goes on', async () => {
    const { alarms, reader, writer, draft, clock } = await withCheckpoint();
    for (const level of [newestLevel, newestLevel + 1]) {
      const payload = featureLevelCodec.encode({ level });
      void writer.submit({ ...draft({}), kind: RecordKind.FEATURE_LEVEL, payload });
      await clock.run(clock.monotonicMs() + 1_000);
    }
    expect(alarms).toEqual([{ kind: 'newer-level', position: 5, level: newestLevel + 1 }]);
    expect(reader.state).toBe('following');
  });
});
