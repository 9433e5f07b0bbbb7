import type { LogBatch } from './event-log.js';

/** Of 64 and more the collector still finds them young; of 256 it has begun to keep them. */
export const pieceRecords = 128;

/**
 * Batches as smaller ones, in order. A judged record is many small objects: it should be forgotten before
 * it has grown old in memory, which makes a replay a quarter faster.
 */
export async function* inPieces(batches: AsyncIterable<LogBatch>): AsyncGenerator<LogBatch> {
  for await (const batch of batches) {
    if (batch.records.length <= pieceRecords) yield batch;
    else yield* piecesOf(batch);
  }
}

function* piecesOf(batch: LogBatch): Generator<LogBatch> {
  const { records } = batch;
  for (let from = 0; from < records.length; from += pieceRecords) {
    const reconnected = batch.reconnected && from === 0;
    yield { ...batch, records: records.slice(from, from + pieceRecords), reconnected };
  }
}
