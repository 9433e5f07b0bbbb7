import {
  AuthenticateRequest,
  AuthenticateResponse,
  AuthorizerServiceService as methods,
  BatchAuthorizeRequest,
  BatchAuthorizeResponse,
  Decision,
  type Credential,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { allowed } from '../access-world.js';
import { spawnPinned } from '../load/spawn-pinned.js';
import type { Bench } from '../measure/bench.js';
import type { MeasuredRow } from '../measure/row.js';
import { sideBySide, type Side } from '../measure/side-by-side.js';
import { median, spreadOf } from '../measure/statistics.js';
import { echoSide } from './echo.js';

const aim = { kind: 'ratio', least: 0.9 } as const;

/** `Authenticate` with one of 1,000 API keys: SHA-256, look-up, status, roles. */
export async function authenticateApiKey(bench: Bench): Promise<MeasuredRow> {
  const { seeded } = await bench.authorizer();
  const credentials = seeded.keys.map((value): Credential['credential'] => {
    return { $case: 'apiKey', value };
  });
  return authenticate(bench, 'authenticate_apikey_vs_echo', credentials);
}

/** `Authenticate` with one of 1,000 access tokens that were seen before. */
export async function authenticateCachedJwt(bench: Bench): Promise<MeasuredRow> {
  const { seeded } = await bench.authorizer();
  const credentials = seeded.tokens.slice(0, 1_000).map((value): Credential['credential'] => {
    return { $case: 'bearerToken', value };
  });
  return authenticate(bench, 'authenticate_jwt_cached_vs_echo', credentials);
}

async function authenticate(
  bench: Bench,
  name: string,
  credentials: readonly Credential['credential'][],
): Promise<MeasuredRow> {
  const { server, port, seeded } = await bench.authorizer();
  const requests = credentials.map((credential) => {
    const message = { credential: { credential }, consistency: undefined };
    return Buffer.from(AuthenticateRequest.encode(message).finish()).toString('base64');
  });
  const subject: Side = {
    server,
    job: {
      port,
      path: methods.authenticate.path,
      headers: { authorization: `Bearer ${seeded.apiKey}` },
      requests,
    },
    perCall: 1,
    verify: (question, message) => {
      const { authenticated, identity } = AuthenticateResponse.decode(message);
      const expected = allowed(question, 0).principal;
      if (!authenticated || identity?.principalId !== expected) throw new Error('someone else');
    },
  };
  const sides = { loader: await bench.loader(), subject, baseline: await echoSide(bench) };
  return sideBySide(name, 'calls/s', sides, bench.pace, aim);
}

/** Tokens in one call of the uncached row: the call itself is measured elsewhere. */
const tokensPerCall = 50;

/**
 * Tokens that were never seen before, 50 questions a call, against bare `crypto.verify` of the same
 * signatures in a loop, on one core as well. What is lost is parsing, claims, status and the wire.
 */
export async function authenticateUncachedJwt(bench: Bench): Promise<MeasuredRow> {
  const { port, seeded } = await bench.authorizer();
  const loader = await bench.loader();
  const { apiKey, tokens } = seeded;
  const headers = { authorization: `Bearer ${apiKey}` };
  const job = { host: '127.0.0.1', port, path: methods.batchAuthorize.path, headers };
  const shape = { connections: 4, callsPerConnection: 4, warmupMs: 0 };
  const verifier = await spawnPinned('test/bench/servers/bare-verify.ts', 'first', [], 'built');
  const { runs } = bench.pace;
  const runMs = 600;
  const rates: number[] = [];
  const bare: number[] = [];
  // The first thousand were asked by the row before this one.
  let next = 1_000;
  for (let run = 0; run < runs; run++) {
    const signatures = { publicJwk: seeded.publicJwk, tokens: tokens.slice(0, 500), runMs };
    bare.push(((await verifier.ask(signatures)) as { perSecond: number }).perSecond);
    const fresh = tokens.slice(next, next + bench.freshTokensPerRun);
    next += fresh.length;
    const requests = batchesOf(fresh);
    // A run ends before its tokens do: none is asked twice.
    const durationMs = Math.min(runMs, (requests.length * tokensPerCall) / 20);
    const result = await loader.run({ ...job, ...shape, requests, durationMs });
    if (result.calls > requests.length) throw new Error('a token was asked twice');
    for (const { message } of result.samples) requireAllowed(Buffer.from(message, 'base64'));
    rates.push((result.calls * tokensPerCall * 1000) / result.elapsedMs);
  }
  await verifier.stop();
  const ratios = rates.map((rate, i) => rate / (bare[i] ?? Number.NaN));
  return {
    name: 'authenticate_jwt_uncached_vs_verify',
    value: median(rates),
    unit: 'tokens/s',
    baseline: median(bare),
    ratio: median(ratios),
    runs,
    spread: spreadOf(ratios),
    aim: { kind: 'ratio', least: 0.85 },
    note: `EdDSA, ${tokensPerCall} tokens a call, both on one core`,
  };
}

function batchesOf(tokens: readonly string[]): string[] {
  const batches: string[] = [];
  for (let at = 0; at + tokensPerCall <= tokens.length; at += tokensPerCall) {
    const requests = tokens.slice(at, at + tokensPerCall).map((value, i) => {
      const { action, resource } = allowed(0, i % 3);
      const credential: Credential = { credential: { $case: 'bearerToken', value } };
      return {
        who: { $case: 'credential' as const, value: credential },
        action,
        resource,
        consistency: undefined,
      };
    });
    const bytes = BatchAuthorizeRequest.encode({ requests, consistency: undefined }).finish();
    batches.push(Buffer.from(bytes).toString('base64'));
  }
  return batches;
}

/** The principals differ, so some are allowed and some are not: every one must be decided. */
function requireAllowed(message: Buffer): void {
  const { responses } = BatchAuthorizeResponse.decode(message);
  const undecided = responses.some(({ decision }) => decision === Decision.DECISION_UNSPECIFIED);
  const refused = responses.some(({ reason }) => /TOKEN|SIGNING|CREDENTIAL/.test(reason));
  if (undecided || refused || responses.length !== tokensPerCall) throw new Error('not decided');
}
