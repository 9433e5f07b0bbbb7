import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { everyDefence } from '../support/ledger/instance.js';
import { simulate, type Findings } from './simulate.js';
import { violated, violations } from './violations.js';

/**
 * `npm run simulate -- --seeds 10000` runs seeds 1 to 10,000 on all cores and prints a table.
 * `--seed N` runs one and prints its findings; `--without DEFENCE` switches one off.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    seed: { type: 'string' },
    without: { type: 'string' },
    part: { type: 'string' },
  },
});

const counted = ['acknowledged', 'records', 'faults', ...violations] as const;
type Totals = Record<(typeof counted)[number] | 'seeds', number>;

const defences = values.without === undefined ? {} : { [values.without]: false };
if (values.without !== undefined && !(values.without in everyDefence)) {
  fail(`no such defence; there are: ${Object.keys(everyDefence).join(', ')}`);
}
const seeds = Number(values.seeds);
if (!Number.isInteger(seeds) || seeds < 1) fail('--seeds takes a whole number from 1');

if (values.seed !== undefined) {
  const { trace, ...findings } = await simulate(Number(values.seed), { defences });
  process.stdout.write(`${JSON.stringify({ ...findings, traceBytes: trace.length }, null, 2)}\n`);
  process.exitCode = violated({ ...findings, trace }).length > 0 ? 1 : 0;
} else if (values.part !== undefined) {
  process.send?.(await runPart(values.part));
} else {
  await runAll();
}

async function runPart(part: string): Promise<Totals> {
  const [first = 1, step = 1] = part.split('/').map(Number);
  const totals = emptyTotals();
  for (let seed = first; seed <= seeds; seed += step) {
    const findings: Findings = await simulate(seed, { defences });
    for (const name of counted) totals[name] += findings[name];
    totals.seeds++;
    const broken = violated(findings);
    if (broken.length > 0) process.stderr.write(`seed ${seed}: ${broken.join(', ')}\n`);
  }
  return totals;
}

async function runAll(): Promise<void> {
  const jobs = Math.min(availableParallelism(), seeds);
  const parts = Array.from({ length: jobs }, (_, i) => {
    const args = ['--seeds', String(seeds), '--part', `${i + 1}/${jobs}`];
    if (values.without !== undefined) args.push('--without', values.without);
    return new Promise<Totals>((resolve, reject) => {
      const child = fork(fileURLToPath(import.meta.url), args);
      child.once('message', (totals) => resolve(totals as Totals));
      child.once('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
    });
  });
  const totals = emptyTotals();
  for (const part of await Promise.all(parts)) {
    for (const name of Object.keys(totals) as (keyof Totals)[]) totals[name] += part[name];
  }
  for (const [name, count] of Object.entries(totals)) {
    process.stdout.write(`${name.padEnd(16)} ${count.toLocaleString('en').padStart(12)}\n`);
  }
  process.exitCode = violations.some((name) => totals[name] > 0) ? 1 : 0;
}

function emptyTotals(): Totals {
  return Object.fromEntries(['seeds', ...counted].map((name) => [name, 0])) as Totals;
}

function fail(message: string): never {
  process.stderr.write(`simulate: ${message}\n`);
  process.exit(2);
}
