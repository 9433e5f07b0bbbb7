import { OauthCaller } from '../load/oauth-caller.js';
import { spawnPinned, type PinnedProcess } from '../load/spawn-pinned.js';
import type { Bench } from '../measure/bench.js';
import type { Aim, MeasuredRow } from '../measure/row.js';
import { median, spreadOf } from '../measure/statistics.js';
import type { OauthGreeting } from '../servers/oauth-greeting.js';

/** Calls that are under way at once: appends of that many are one write on the disk. */
const lanes = 64;

/** What one lane does again and again, with what it did last. */
type Step = (caller: OauthCaller, last: string) => Promise<string>;

interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly first: (caller: OauthCaller) => Promise<string>;
  readonly step: Step;
  readonly aim: Aim;
}

const measured: readonly Measured[] = [
  {
    name: 'oauth_code_flows',
    unit: 'flows/s',
    first: () => Promise.resolve(''),
    step: (caller) => caller.codeFlow(),
    aim: { kind: 'ratio', least: 0.7 },
  },
  {
    name: 'oauth_refreshes',
    unit: 'refreshes/s',
    first: (caller) => caller.codeFlow(),
    step: (caller, last) => caller.refresh(last),
    aim: { kind: 'ratio', least: 0.7 },
  },
  {
    name: 'oauth_client_credentials',
    unit: 'tokens/s',
    first: () => Promise.resolve(''),
    step: (caller) => caller.clientCredentials(),
    aim: { kind: 'ratio', least: 0.95 },
  },
  {
    name: 'oauth_introspections',
    unit: 'introspections/s',
    first: (caller) => caller.codeFlow(),
    step: async (caller, last) => {
      await caller.introspect(last);
      return last;
    },
    aim: { kind: 'ratio', least: 0.7 },
  },
];

/**
 * Identity's OAuth endpoints over the embedded log, each append on the disk before it is answered,
 * beside the bare engine with its in-memory adapter; one after the other in each run, on one core.
 */
export async function oauthVsBare(bench: Bench): Promise<MeasuredRow[]> {
  const cell = await spawnPinned('test/bench/servers/oauth-cell.ts', 'first', [], 'built');
  const bare = await spawnPinned('test/bench/servers/bare-oidc.ts', 'first', [], 'built');
  const rows: MeasuredRow[] = [];
  for (const one of measured) rows.push(await sideBySide(bench, one, cell, bare));
  await cell.stop();
  await bare.stop();
  return rows;
}

async function sideBySide(
  { pace }: Bench,
  { name, unit, first, step, aim }: Measured,
  cell: PinnedProcess,
  bare: PinnedProcess,
): Promise<MeasuredRow> {
  const [ours, theirs]: [Speed[], Speed[]] = [[], []];
  const both = [
    { server: bare, other: cell, speeds: theirs },
    { server: cell, other: bare, speeds: ours },
  ];
  for (let run = -1; run < pace.runs; run += 1) {
    for (const { server, other, speeds } of both) {
      other.pause();
      server.resume();
      const caller = new OauthCaller(server.greeting as OauthGreeting);
      const runMs = run < 0 ? pace.warmupMs : pace.runMs;
      const speed = await speedOf(server, caller, { first, step, runMs });
      caller.close();
      other.resume();
      if (run >= 0) speeds.push(speed);
    }
  }
  const ratios = ours.map(({ rate }, i) => rate / (theirs[i]?.rate ?? Number.NaN));
  const [own, bares] = [ours, theirs].map((them) => median(them.map(({ cpuMs }) => cpuMs)));
  return {
    name,
    value: median(ours.map(({ rate }) => rate)),
    unit,
    baseline: median(theirs.map(({ rate }) => rate)),
    ratio: median(ratios),
    runs: pace.runs,
    spread: spreadOf(ratios),
    aim,
    note: `${lanes} at once, one core, beside oidc-provider in memory; processor time ${ms(own)} beside ${ms(bares)}`,
  };
}

function ms(value = Number.NaN): string {
  return `${value.toFixed(2)} ms`;
}

interface Speed {
  /** A second. */
  readonly rate: number;
  /** Processor time of the server for one, all threads together. */
  readonly cpuMs: number;
}

async function speedOf(
  server: PinnedProcess,
  caller: OauthCaller,
  { first, step, runMs }: Pick<Measured, 'first' | 'step'> & { readonly runMs: number },
): Promise<Speed> {
  const begun = await Promise.all(Array.from({ length: lanes }, () => first(caller)));
  const [started, cpuBefore] = [performance.now(), server.cpuMs()];
  let done = 0;
  const lane = async (value: string): Promise<void> => {
    let last = value;
    while (performance.now() - started < runMs) {
      last = await step(caller, last);
      done += 1;
    }
  };
  await Promise.all(begun.map(lane));
  const rate = (done * 1000) / (performance.now() - started);
  return { rate, cpuMs: (server.cpuMs() - cpuBefore) / done };
}
