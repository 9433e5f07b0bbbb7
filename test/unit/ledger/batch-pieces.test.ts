import { describe, expect, it } from 'vitest';
import { inPieces, pieceRecords } from '#libs/ledger/batch-pieces.js';
import type { LogBatch } from '#libs/ledger/event-log.js';
import { entry } from './records.js';

const batchOf = (count: number, reconnected: boolean) => ({
  records: Array.from({ length: count }, (_, i) => entry(i, null)),
  end: 10_000,
  fetchedAtMs: 1,
  leaderConfirmedAtMs: 2,
  reconnected,
});

async function piecesOf(batch: LogBatch): Promise<LogBatch[]> {
  const pieces: LogBatch[] = [];
  const one = (async function* () {
    yield batch;
  })();
  for await (const piece of inPieces(one)) pieces.push(piece);
  return pieces;
}

describe('pieces of a batch', () => {
  it('are the batch itself where it is small, also where it is empty', async () => {
    for (const count of [0, 1, pieceRecords]) {
      const batch = batchOf(count, true);
      expect(await piecesOf(batch)).toEqual([batch]);
    }
  });

  it('hold every record once, in order, and say what the batch says', async () => {
    for (const count of [pieceRecords + 1, 2 * pieceRecords, 2_048, 2_049]) {
      const batch = batchOf(count, true);
      const pieces = await piecesOf(batch);
      expect(pieces.flatMap(({ records }) => records)).toEqual(batch.records);
      expect(Math.max(...pieces.map(({ records }) => records.length))).toBe(pieceRecords);
      expect(pieces.every(({ records }) => records.length > 0)).toBe(true);
      expect(pieces.map(({ end }) => end)).toEqual(pieces.map(() => 10_000));
    }
  });

  it('have reconnected once', async () => {
    const pieces = await piecesOf(batchOf(300, true));
    expect(pieces.map(({ reconnected }) => reconnected)).toEqual([true, false, false]);
    const others = await piecesOf(batchOf(300, false));
    expect(others.map(({ reconnected }) => reconnected)).toEqual([false, false, false]);
  });

  it('end the log when nobody asks for more', async () => {
    let ended = false;
    const log = (async function* () {
      try {
        for (;;) yield batchOf(300, false);
      } finally {
        ended = true;
      }
    })();
    for await (const { records } of inPieces(log)) if (records.length > 0) break;
    expect(ended).toBe(true);
  });
});
