import { connectLedgate } from '#libs/client/connect-ledgate.js';
import type { Ledgate } from '#libs/client/ledgate.js';
import type { Question } from '#libs/client/question.js';
import { allowed, benchTenant } from '../access-world.js';
import type { Bench } from '../measure/bench.js';
import type { MeasuredRow } from '../measure/row.js';
import { median, spreadOf } from '../measure/statistics.js';
import { distinctQuestions } from './echo.js';

/** Requests that a backend serves at the same time, each with one question on its way. */
const atOnce = 64;

/**
 * Decisions a second through libs/client from one process: questions of one event-loop turn travel as
 * one call, against each question as a call of its own. The same client, the same questions.
 */
export async function clientCoalesced(bench: Bench): Promise<MeasuredRow> {
  const { port, seeded } = await bench.authorizer();
  const address = `127.0.0.1:${port}`;
  const client = connectLedgate({ address, credential: seeded.apiKey, deadlineMs: 10_000 });
  const questions = Array.from({ length: distinctQuestions }, (_, i): Question => {
    const { principal, action, resource } = allowed((i * 7919) % bench.principals, i % 3);
    return { subject: { tenantId: benchTenant, principalId: principal }, action, resource };
  });
  const together = (question: Question) => client.authorize(question);
  const alone = async (question: Question) => (await client.batchAuthorize([question]))[0]!;
  const rates: number[] = [];
  const baselines: number[] = [];
  for (let run = -1; run < bench.pace.runs; run++) {
    const single = await decisionsPerSecond(alone, questions, bench.pace.runMs);
    const coalesced = await decisionsPerSecond(together, questions, bench.pace.runMs);
    if (run < 0) continue;
    baselines.push(single);
    rates.push(coalesced);
  }
  await client.close();
  const ratios = rates.map((rate, i) => rate / (baselines[i] ?? Number.NaN));
  return {
    name: 'authorize_client_coalesced',
    value: median(rates),
    unit: 'decisions/s',
    baseline: median(baselines),
    ratio: median(ratios),
    runs: bench.pace.runs,
    spread: spreadOf(ratios),
    aim: { kind: 'ratio', least: 3 },
    note: `${atOnce} requests at once in one process, grpc-js client included`,
  };
}

async function decisionsPerSecond(
  ask: (question: Question) => ReturnType<Ledgate['authorize']>,
  questions: readonly Question[],
  runMs: number,
): Promise<number> {
  let next = 0;
  let decided = 0;
  const started = performance.now();
  const lane = async (): Promise<void> => {
    while (performance.now() - started < runMs) {
      next = (next + 1) % questions.length;
      const { decision } = await ask(questions[next]!);
      if (decision !== 'ALLOW') throw new Error('a question was denied');
      decided += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return (decided * 1000) / (performance.now() - started);
}
