import type { LoadJob, LoadResult, Loader } from '../load/start-loader.js';
import type { PinnedProcess } from '../load/spawn-pinned.js';
import { median, spreadOf } from './statistics.js';
import type { Aim, MeasuredRow } from './row.js';

/** A server under load, and what one call of it is worth. */
export interface Side {
  readonly server: PinnedProcess;
  readonly job: Pick<LoadJob, 'port' | 'path' | 'headers' | 'requests'>;
  /** Decisions (or tokens, or echoes) in one call. */
  readonly perCall: number;
  /** Throws unless the answer is the right one to the question. */
  readonly verify: (question: number, message: Buffer) => void;
}

export interface Pace {
  readonly runs: number;
  readonly runMs: number;
  readonly warmupMs: number;
}

interface SideRun {
  /** Units of work (`perCall` of each call) a second. */
  readonly rate: number;
  /** Processor time of the server for one unit, µs. */
  readonly cpuUs: number;
  readonly result: LoadResult;
}

const shape = { host: '127.0.0.1', connections: 4, callsPerConnection: 32 };

async function runOnce(loader: Loader, side: Side, pace: Pace): Promise<SideRun> {
  const { server } = side;
  server.resume();
  const before = await cpuOf(server);
  const { warmupMs, runMs: durationMs } = pace;
  const result = await loader.run({ ...shape, ...side.job, warmupMs, durationMs });
  const cpuMs = (await cpuOf(server)) - before;
  server.pause();
  if (result.failures > 0) throw new Error(`${side.job.path}: ${result.failures} calls failed`);
  if (result.samples.length === 0) throw new Error(`${side.job.path}: too few calls to look at`);
  for (const { question, message } of result.samples) {
    side.verify(question, Buffer.from(message, 'base64'));
  }
  const units = result.calls * side.perCall;
  const share = result.elapsedMs / (result.elapsedMs + warmupMs);
  const rate = (units * 1000) / result.elapsedMs;
  return { rate, cpuUs: (cpuMs * 1000 * share) / units, result };
}

async function cpuOf(server: PinnedProcess): Promise<number> {
  const answer = (await server.ask({ ask: 'cpu' })) as { cpu: NodeJS.CpuUsage };
  return (answer.cpu.user + answer.cpu.system) / 1000;
}

/**
 * Loads the subject and its baseline in turn, again and again, and compares each run with its
 * neighbour: what disturbs the machine for a while disturbs both.
 */
export async function sideBySide(
  name: string,
  unit: string,
  sides: { readonly loader: Loader; readonly subject: Side; readonly baseline: Side },
  pace: Pace,
  aim: Aim | undefined,
): Promise<MeasuredRow> {
  const { loader, subject, baseline } = sides;
  const warmUp = { ...pace, warmupMs: 2 * pace.runMs };
  await runOnce(loader, baseline, warmUp);
  await runOnce(loader, subject, warmUp);
  const mine: SideRun[] = [];
  const theirs: SideRun[] = [];
  for (let run = 0; run < pace.runs; run++) {
    theirs.push(await runOnce(loader, baseline, pace));
    mine.push(await runOnce(loader, subject, pace));
  }
  subject.server.resume();
  const ratios = mine.map(({ rate }, i) => rate / (theirs[i]?.rate ?? Number.NaN));
  const p99 = median(mine.map(({ result }) => result.p99Ms));
  const p50 = median(mine.map(({ result }) => result.p50Ms));
  const cpu = (runs: readonly SideRun[]): string =>
    Math.min(...runs.map(({ cpuUs }) => cpuUs)).toFixed(2);
  return {
    name,
    value: median(mine.map(({ rate }) => rate)),
    unit,
    baseline: median(theirs.map(({ rate }) => rate)),
    ratio: median(ratios),
    runs: pace.runs,
    spread: spreadOf(ratios),
    aim,
    note:
      `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ` +
      `least processor time ${cpu(mine)} µs against ${cpu(theirs)} µs`,
  };
}
