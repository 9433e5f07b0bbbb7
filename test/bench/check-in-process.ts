import { check } from '#libs/access/evaluate/check.js';
import { unlimited } from '#libs/access/projection/api-key.js';
import { ALLOW } from '#libs/access/reason-code.js';

import { type AccessWorld, type Asked, benchTenant, buildAccessWorld } from './access-world.js';
import { collectGarbage } from './collect-garbage.js';

export interface CheckMeasured {
  readonly name: 'check_in_process';
  /** Median microseconds a check, the look-up of the principal's id included. */
  readonly value: number;
  readonly unit: 'us';
  readonly runs: number;
  /** Slowest run minus fastest, in microseconds. */
  readonly spread: number;
  /** Bytes allocated a check. */
  readonly allocated: number;
}

const questions = 8192;
const checksPerRun = 1_000_000;
const checksWithoutCollection = 50_000;
const nowMs = 1_760_000_000_000;

/** One core, 100k principals, 8,192 distinct questions that are allowed; ids come as text. */
export function checkInProcess(runs = 7, principals = 100_000): CheckMeasured {
  const world = buildAccessWorld(principals);
  const asked = Array.from({ length: questions }, (_, i) =>
    world.allowed((i * 7919) % principals, i % 3),
  );
  ask(world, asked, checksPerRun);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    collectGarbage();
    const started = performance.now();
    ask(world, asked, checksPerRun);
    times.push(((performance.now() - started) * 1000) / checksPerRun);
  }
  times.sort((a, b) => a - b);
  return {
    name: 'check_in_process',
    value: times[runs >> 1] as number,
    unit: 'us',
    runs,
    spread: (times[runs - 1] as number) - (times[0] as number),
    allocated: allocatedPerCheck(world, asked),
  };
}

/** Few enough checks that the young generation is not collected between the two readings. */
function allocatedPerCheck(world: AccessWorld, asked: readonly Asked[]): number {
  const readings: number[] = [];
  for (let i = 0; i < 5; i++) {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    ask(world, asked, checksWithoutCollection);
    readings.push((process.memoryUsage().heapUsed - before) / checksWithoutCollection);
  }
  return Math.min(...readings);
}

function ask({ view }: AccessWorld, asked: readonly Asked[], checks: number): void {
  let allowed = 0;
  for (let i = 0; i < checks; i++) {
    const { principal, action, resource } = asked[i & (questions - 1)] as Asked;
    const row = view.principalRow(benchTenant, principal);
    if (check(view, row, action, resource, nowMs, unlimited) === ALLOW) allowed += 1;
  }
  if (allowed !== checks) throw new Error(`${checks - allowed} of ${checks} checks were denied`);
}
