import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { spawnPinned } from '../load/spawn-pinned.js';
import type { Bench } from '../measure/bench.js';
import type { MeasuredRow } from '../measure/row.js';
import { median, spreadOf } from '../measure/statistics.js';
import type { ColdStart } from '../servers/greeting.js';

/** As the services do it without being told otherwise. */
const everyRecords = 65_536;
/** Enough to fill the verdict window, whose size does not depend on the ledger's. */
const shortLedger = 70_000;

type Kind = 'authorizer' | 'identity';

async function startOf(kind: Kind, folder: string, every: number): Promise<ColdStart> {
  const args = [kind, folder, String(every)];
  const server = await spawnPinned(
    'test/bench/servers/cold-start-server.ts',
    'first',
    args,
    'built',
  );
  await server.stop();
  return server.greeting as ColdStart;
}

async function several(runs: number, start: () => Promise<ColdStart>): Promise<ColdStart[]> {
  const starts: ColdStart[] = [];
  while (starts.length < runs) starts.push(await start());
  return starts;
}

/**
 * Time from the start of a process until it serves a ledger of a million records (100,000 with
 * `--short`), by reading all of it and from its newest snapshot; and what is in memory after it, against
 * a short ledger in which as much lives.
 */
export async function coldStart(bench: Bench): Promise<MeasuredRow[]> {
  const records = bench.short ? 100_000 : 1_000_000;
  const folder = await bench.churnedLedger(records);
  const whole = await several(3, () => startOf('authorizer', folder, 0));
  await startOf('authorizer', folder, everyRecords);
  const snapshot = await several(5, () => startOf('authorizer', folder, everyRecords));
  const built = await startOf('identity', folder, everyRecords);
  const identity = await several(3, () => startOf('identity', folder, everyRecords));
  const small = await several(3, async () =>
    startOf('authorizer', await bench.churnedLedger(shortLedger), 0),
  );
  const many = `${records.toLocaleString('en')} records`;
  const seconds = (name: string, starts: ColdStart[], most: number, note: string): MeasuredRow => ({
    name,
    unit: 's',
    baseline: null,
    ratio: null,
    runs: starts.length,
    value: median(starts.map((start) => start.seconds)),
    spread: spreadOf(starts.map((start) => start.seconds)),
    aim: { kind: 'value', most },
    note: `${note}; ${median(starts.map((start) => start.cpuSeconds)).toFixed(1)} s of a processor`,
  });
  const bytes = whole.map((start) => start.bytes);
  const baseline = median(small.map((start) => start.bytes));
  return [
    seconds('cold_start_1m_s', whole, 15, `authorizer, ${many}, no snapshot`),
    seconds('cold_start_snapshot_s', snapshot, 2, `authorizer, ${many}, ${newestOf(folder)}`),
    seconds(
      'cold_start_snapshot_identity_s',
      identity,
      2,
      `documents on disk; ${built.seconds.toFixed(1)} s when they had to be built, too`,
    ),
    {
      name: 'bytes_after_churn',
      value: median(bytes),
      unit: 'B',
      baseline,
      ratio: median(bytes) / baseline,
      runs: bytes.length,
      spread: spreadOf(bytes),
      aim: { kind: 'ratio', most: 1.05 },
      note: `authorizer after ${many} against ${shortLedger}: 1,000 principals, 3 grants each live`,
    },
  ];
}

function newestOf(folder: string): string {
  const files = join(folder, 'snapshots', 'auth.ledger.v1', 'authorizer');
  const newest = readdirSync(files).sort().at(-1) ?? '';
  const megabytes = (statSync(join(files, newest)).size / 1e6).toFixed(1);
  return `snapshot at ${Number.parseInt(newest, 10)}, ${megabytes} MB`;
}
