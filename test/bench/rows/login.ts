import { availableParallelism } from 'node:os';
import {
  LoginRequest,
  LoginResponse,
  TokenServiceService as Tokens,
} from '#proto/ledgate/identity/v1/token.js';
import { spawnPinned } from '../load/spawn-pinned.js';
import type { Bench } from '../measure/bench.js';
import type { MeasuredRow } from '../measure/row.js';
import { median, spreadOf } from '../measure/statistics.js';
import type { CellGreeting } from '../servers/greeting.js';

const users = 16;

/** Logins a second against bare argon2 verifications a second, both on all cores. */
export async function loginVsArgon2(bench: Bench): Promise<MeasuredRow> {
  const cell = await bench.cell(['identity', '', String(users)], 'any');
  const bare = await spawnPinned('test/bench/servers/bare-argon2.ts', 'any');
  const loader = await bench.loader();
  const { port } = cell.greeting as CellGreeting;
  const requests = Array.from({ length: users }, (_, i) => {
    const request = { tenant: 'acme', loginName: `user-${i}`, password: 'seven quiet lanterns' };
    const bytes = LoginRequest.encode({ ...request, audience: '', scopes: [] }).finish();
    return Buffer.from(bytes).toString('base64');
  });
  const runMs = bench.pace.runMs * 2;
  const job = { host: '127.0.0.1', port, path: Tokens.login.path, headers: {}, requests };
  const shape = { connections: 1, callsPerConnection: 2 * availableParallelism() };
  const logins: number[] = [];
  const verifications: number[] = [];
  const runs = Math.max(3, Math.floor(bench.pace.runs / 2));
  for (let run = 0; run < runs; run++) {
    const answer = (await bare.ask({ runMs })) as { perSecond: number };
    verifications.push(answer.perSecond);
    const result = await loader.run({ ...job, ...shape, warmupMs: 300, durationMs: runMs });
    if (result.failures > 0) throw new Error(`${result.failures} logins failed`);
    for (const { message } of result.samples) {
      const { accessToken } = LoginResponse.decode(Buffer.from(message, 'base64'));
      if (accessToken === '') throw new Error('a login without a token');
    }
    logins.push((result.calls * 1000) / result.elapsedMs);
  }
  await bare.stop();
  await cell.stop();
  const ratios = logins.map((rate, i) => rate / (verifications[i] ?? Number.NaN));
  return {
    name: 'login_vs_argon2',
    value: median(logins),
    unit: 'logins/s',
    baseline: median(verifications),
    ratio: median(ratios),
    runs,
    spread: spreadOf(ratios),
    aim: { kind: 'ratio', least: 0.9 },
    note: `argon2id m=19456 t=2 p=1, ${availableParallelism()} cores`,
  };
}
