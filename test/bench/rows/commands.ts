import {
  CreateGroupRequest,
  GroupServiceService as Groups,
} from '#proto/ledgate/identity/v1/group.js';
import type { Bench } from '../measure/bench.js';
import type { MeasuredRow } from '../measure/row.js';
import { median, spreadOf } from '../measure/statistics.js';
import type { CellGreeting } from '../servers/greeting.js';

const callers = { connections: 4, callsPerConnection: 16 };

/**
 * Commands a second that identity decides, appends, reads back and answers: 64 callers that create
 * groups, each with a name that was never used, so that nothing conflicts and nothing is cached.
 */
export async function commandsPerSecond(
  bench: Bench,
  where: 'embedded' | 'kafka',
): Promise<MeasuredRow> {
  const name = `commands_per_s_${where}`;
  const aim = { kind: 'value', least: where === 'embedded' ? 5_000 : 2_000 } as const;
  const server = await bench.cell(['identity', await bench.brokersFor(where)]);
  const { port, adminKey } = server.greeting as CellGreeting;
  const loader = await bench.loader();
  const rates: number[] = [];
  const p99s: number[] = [];
  const runs = Math.max(3, Math.floor(bench.pace.runs / 2));
  const runMs = bench.pace.runMs * 2;
  for (let run = -1; run < runs; run++) {
    const requests = Array.from({ length: Math.ceil(runMs * 12) }, (_, i) => groupNamed(run, i));
    const { calls, elapsedMs, failures, p99Ms } = await loader.run({
      host: '127.0.0.1',
      port,
      path: Groups.createGroup.path,
      headers: { authorization: `Bearer ${adminKey}` },
      requests,
      ...callers,
      warmupMs: 0,
      durationMs: runMs,
    });
    if (failures > 0) throw new Error(`${name}: ${failures} commands failed`);
    if (calls > requests.length - 64) throw new Error(`${name}: the names ran out`);
    // The first run warms up.
    if (run < 0) continue;
    rates.push((calls * 1000) / elapsedMs);
    p99s.push(p99Ms);
  }
  await server.stop();
  return {
    name,
    value: median(rates),
    unit: 'commands/s',
    baseline: null,
    ratio: null,
    runs,
    spread: spreadOf(rates),
    aim,
    note: `CreateGroup, 64 callers, p99 ${median(p99s).toFixed(1)} ms`,
  };
}

function groupNamed(run: number, number: number): string {
  const request = { options: undefined, tenantId: '', name: `group-${run + 1}-${number}` };
  return Buffer.from(CreateGroupRequest.encode(request).finish()).toString('base64');
}
