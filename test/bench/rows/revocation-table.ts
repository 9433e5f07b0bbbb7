import { Client, Metadata } from '@grpc/grpc-js';
import { connect } from '#libs/grpc/connect.js';
import { AuthorizerServiceService as Authorizer } from '#proto/ledgate/authorizer/v1/authorizer.js';
import type { Bench } from '../measure/bench.js';
import type { MeasuredRow } from '../measure/row.js';
import { median, quantile, spreadOf } from '../measure/statistics.js';
import type { RevocationGreeting } from '../servers/greeting.js';
import { RevocationWays, type Call, type Way } from './revocation-ways.js';

/**
 * For each way in which what was allowed ends: the time from the answer of the revocation until both of
 * two authorizers deny the token, which they are asked about without a pause. p99, and p50 beside it.
 */
export async function revocationTable(
  bench: Bench,
  where: 'embedded' | 'kafka',
): Promise<MeasuredRow[]> {
  const server = await bench.revocationCell(await bench.brokersFor(where));
  const said = server.greeting as RevocationGreeting;
  const sign = async (claims: object): Promise<string> =>
    ((await server.ask({ sign: claims })) as { token: string }).token;
  const identity = open(said.port);
  const authorizers = said.authorizerPorts.map(open);
  const runs = bench.short ? 20 : 100;
  const rows: MeasuredRow[] = [];
  for (const [name, way] of Object.entries(new RevocationWays(said, identity.call, sign).all())) {
    const measured: number[] = [];
    for (let run = -2; run < runs; run++) {
      const ms = await revokeOnce(
        way,
        authorizers.map(({ call }) => call),
        said,
      );
      if (run >= 0) measured.push(ms);
    }
    rows.push(rowOf(name, where, measured));
  }
  for (const connection of [identity, ...authorizers]) connection.close();
  await server.stop();
  return rows;
}

async function revokeOnce(
  way: Way,
  authorizers: readonly Call[],
  { gatewayKey }: RevocationGreeting,
): Promise<number> {
  const value = await way.begin();
  const until = async (call: Call, reason: (reason: string) => boolean): Promise<number> => {
    const credential = { credential: { $case: 'bearerToken' as const, value } };
    const who = { $case: 'credential' as const, value: credential };
    const question = { who, action: 'orders:read', resource: 'a/1', consistency: undefined };
    for (;;) {
      const answer = await call(Authorizer.authorize, question, gatewayKey);
      if (reason(answer.reason)) return performance.now();
    }
  };
  await Promise.all(authorizers.map((call) => until(call, (reason) => reason === 'ALLOWED')));
  let answeredAt = 0;
  const denied = authorizers.map((call) => until(call, (reason) => reason !== 'ALLOWED'));
  const revoked = way.revoke().then(() => (answeredAt = performance.now()));
  const deniedAt = Math.max(...(await Promise.all(denied)));
  await revoked;
  await way.restore?.();
  return Math.max(0, deniedAt - answeredAt);
}

function rowOf(name: string, where: 'embedded' | 'kafka', values: readonly number[]): MeasuredRow {
  return {
    name: `revocation_${name}_ms_${where}`,
    value: quantile(values, 0.99),
    unit: 'ms (p99)',
    baseline: null,
    ratio: null,
    runs: values.length,
    spread: spreadOf(values),
    aim: { kind: 'value', most: 50 },
    note: `p50 ${median(values).toFixed(2)} ms, max ${Math.max(...values).toFixed(2)} ms`,
  };
}

/** A connection by which every method can be called with any credential. */
function open(port: number): { call: Call; close(): void } {
  const address = `127.0.0.1:${port}`;
  const client = connect(Client, { address, credentials: undefined, allowPlaintext: false });
  const same = (buffer: Buffer): Buffer => buffer;
  return {
    close: () => client.close(),
    call: (method, request, bearer) => {
      const metadata = new Metadata();
      if (bearer !== '') metadata.set('authorization', `Bearer ${bearer}`);
      const whole = { ...method.requestDeserialize(Buffer.alloc(0)), ...request };
      const bytes = method.requestSerialize(whole);
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(method.path, same, same, bytes, metadata, (error, answer) => {
          if (error !== null || answer === undefined) reject(error ?? new Error('no answer'));
          else resolve(method.responseDeserialize(answer));
        });
      });
    },
  };
}
