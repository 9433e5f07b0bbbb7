import { spawnPinned } from '../load/spawn-pinned.js';
import type { Bench } from '../measure/bench.js';
import type { MeasuredRow } from '../measure/row.js';
import { median, spreadOf } from '../measure/statistics.js';

/** What `replay-server.ts` measured in one run, records a second. */
export interface ReplayRun {
  readonly replay: number;
  readonly limit: number;
}

/**
 * Records a second that an authorizer reads, judges and folds from the embedded log, against the bare
 * parts of that work on records in memory: hash, mac, chain, decode, apply.
 */
export async function replayVsLimit(bench: Bench): Promise<MeasuredRow> {
  const folder = await bench.smallLedger();
  const server = await spawnPinned(
    'test/bench/servers/replay-server.ts',
    'first',
    [folder],
    'built',
  );
  const runs: ReplayRun[] = [];
  for (let run = 0; run < Math.max(3, Math.floor(bench.pace.runs / 2)); run++) {
    runs.push((await server.ask({ run })) as ReplayRun);
  }
  await server.stop();
  const ratios = runs.map(({ replay, limit }) => replay / limit);
  return {
    name: 'replay_vs_limit',
    value: median(runs.map(({ replay }) => replay)),
    unit: 'records/s',
    baseline: median(runs.map(({ limit }) => limit)),
    ratio: median(ratios),
    runs: runs.length,
    spread: spreadOf(ratios),
    aim: { kind: 'ratio', least: 0.8 },
    note: 'one event a record, 3 keys',
  };
}
