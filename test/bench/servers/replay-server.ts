// Replays a ledger as an authorizer does, and as little as that could be: one answer a message.
import { createHmac, hash } from 'node:crypto';
import { join } from 'node:path';
import { AccessView } from '#libs/access/projection/access-view.js';
import { decodeCommandPayload } from '#libs/events/codec.js';
import { keyHash } from '#libs/events/keys.js';
import { nextChain, chainStart } from '#libs/ledger/chain.js';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { Reader } from '#libs/ledger/reader.js';
import { decodeRecord, RecordKind } from '#libs/ledger/record.js';
import { systemClock } from '#libs/runtime/clock.js';
import { AccessFold } from '#services/authorizer/app/access-fold.js';
import { ledgerKey } from '../../support/authorizer/ledger-seed.js';
import type { ReplayRun } from '../rows/replay.js';

const [dataDir = ''] = process.argv.slice(2);
const log = openEmbeddedLog({ path: join(dataDir, 'ledger'), name: 'auth.ledger.v1' });
const secret = Buffer.from(ledgerKey, 'hex');
const macKeys = new MacKeys(log.name, new Map([[1, secret]]));

async function replay(): Promise<number> {
  const fold = new AccessFold();
  const reader = new Reader({ log, clock: systemClock, macKeys, fold });
  const started = performance.now();
  await reader.start();
  const rate = ((reader.position + 1) * 1000) / (performance.now() - started);
  await reader.stop();
  return rate;
}

/** The values of the log, read before the clock runs. */
async function values(): Promise<Uint8Array[]> {
  const stop = new AbortController();
  const found: Uint8Array[] = [];
  for await (const batch of log.tail(0, stop.signal)) {
    for (const { value } of batch.records) found.push(Uint8Array.from(value ?? []));
    if (found.length >= batch.end) stop.abort();
  }
  return found;
}

function limit(records: readonly Uint8Array[]): number {
  const view = new AccessView(keyHash);
  let chain = chainStart;
  const started = performance.now();
  for (const [position, value] of records.entries()) {
    const record = decodeRecord(value);
    if (typeof record === 'string') throw new Error('an unreadable record');
    const digest = hash('sha256', record.signed, 'buffer');
    const mac = createHmac('sha256', secret).update(digest).digest();
    chain = nextChain(chain, position, digest, mac.subarray(0, 16));
    if (record.header.kind !== RecordKind.COMMAND) continue;
    const payload = decodeCommandPayload(record.payload);
    if (!payload.ok) throw new Error('an unreadable payload');
    const { tenant, actor, reason } = payload.value;
    const context = { tenant, actor, position, atMs: record.header.atMs, reason };
    for (const stored of payload.value.events) if (stored.known) view.apply(stored.event, context);
  }
  return (records.length * 1000) / (performance.now() - started);
}

const records = await values();
process.on('message', () => {
  void (async () => {
    const bare = limit(records);
    const answer: ReplayRun = { limit: bare, replay: await replay() };
    process.send?.(answer);
  })();
});
process.on('disconnect', () => {
  void log.close().finally(() => process.exit(0));
});
process.send?.({ records: records.length });
