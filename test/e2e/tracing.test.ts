import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeCommandPayload } from '#libs/events/codec.js';
import { decodeRecord } from '#libs/ledger/record.js';
import { spanKinds } from '#libs/runtime/tracer.js';
import { AuthorizerServiceService as Authorizer } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import type { Method } from '../support/identity/running-identity.js';
import { setUpTenant, setUpUser } from '../support/identity/tenant-setup.js';
import { bySubject, startPair, type Pair } from '../support/ledgate/running-pair.js';
import { startSpanReceiver, type SpanReceiver } from '../support/net/span-receiver.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callerSpan = '00f067aa0ba902b7';

let receiver: SpanReceiver;
let pair: Pair;
let admin: string;
let tenantId: string;
let ann: string;

beforeAll(async () => {
  receiver = await startSpanReceiver();
  const otlpEndpoint = receiver.url;
  pair = await startPair({ identity: { otlpEndpoint }, authorizer: { otlpEndpoint } });
  ({ admin, tenantId } = await setUpTenant(pair, 'acme'));
  ann = await setUpUser(pair, admin, 'ann', 'seven quiet lanterns');
}, 60_000);
afterAll(async () => {
  await pair.close();
  await receiver.close();
});

/** Calls with a `traceparent`, as an instrumented client does. */
function traced<Q extends object, A>(
  address: string,
  method: Method<Q, A>,
  request: Partial<Q>,
  traceparent: string,
  bearer = admin,
): Promise<A> {
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${bearer}`);
  metadata.set('traceparent', traceparent);
  const whole = { ...method.requestDeserialize(Buffer.alloc(0)), ...request };
  const write = (one: Q): Buffer => method.requestSerialize(one);
  const read = (bytes: Buffer): A => method.responseDeserialize(bytes);
  return new Promise<A>((resolve, reject) => {
    client.makeUnaryRequest(method.path, write, read, whole, metadata, (error, answer) => {
      client.close();
      if (error === null && answer !== undefined) resolve(answer);
      else reject(error ?? new Error('no answer'));
    });
  });
}

const suspend = (traceparent: string) =>
  traced(pair.identity.address, Principals.suspendPrincipal, { principalId: ann }, traceparent);
const resume = () => pair.call(Principals.resumePrincipal, { principalId: ann }, admin);

async function lastTraceparent(): Promise<string> {
  const record = await pair.log.read((await pair.log.end()) - 1);
  const decoded = decodeRecord(record?.value ?? new Uint8Array(0));
  if (typeof decoded === 'string') return decoded;
  const payload = decodeCommandPayload(decoded.payload);
  return payload.ok ? payload.value.traceparent : '';
}

describe('traces', () => {
  it('go from the call through the record to the fold of the authorizer', async () => {
    await suspend(`00-${traceId}-${callerSpan}-01`);
    const of = () => receiver.spans.filter((span) => span.traceId === traceId);
    await vi.waitFor(() => expect(of().length).toBeGreaterThanOrEqual(4), 5_000);
    const find = (service: string, kind: keyof typeof spanKinds) =>
      of().find((span) => span.service === service && span.kind === spanKinds[kind]);
    const server = find('ledgate-identity', 'SERVER');
    const append = find('ledgate-identity', 'PRODUCER');
    const fold = find('ledgate-authorizer', 'CONSUMER');
    expect(server).toMatchObject({
      name: 'ledgate.identity.v1.PrincipalService/SuspendPrincipal',
      parentSpanId: callerSpan,
    });
    expect(append).toMatchObject({ name: 'append SuspendPrincipal', parentSpanId: server?.spanId });
    expect(await lastTraceparent()).toBe(`00-${traceId}-${append?.spanId}-01`);
    expect(fold).toMatchObject({ name: 'fold SuspendPrincipal', parentSpanId: append?.spanId });
    for (const span of of()) {
      expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    }
    await resume();
  });

  it('hold the questions that are answered on the short way', async () => {
    const own = '11111111111111111111111111111111';
    const request = { who: bySubject(tenantId, ann), action: 'orders:read', resource: 'a' };
    const address = pair.authorizerAddress;
    await traced(address, Authorizer.authorize, request, `00-${own}-${callerSpan}-01`);
    const found = () => receiver.spans.filter((span) => span.traceId === own);
    await vi.waitFor(() => expect(found().length).toBe(1), 5_000);
    expect(found()[0]).toMatchObject({
      service: 'ledgate-authorizer',
      name: 'ledgate.authorizer.v1.AuthorizerService/Authorize',
    });
  });

  it('are begun by callers only, and go on unrecorded where they are not sampled', async () => {
    const before = receiver.spans.length;
    const unsampled = `00-${traceId}-${callerSpan}-00`;
    await suspend(unsampled);
    expect(await lastTraceparent()).toBe(unsampled);
    await resume();
    await suspend('not a traceparent');
    expect(await lastTraceparent()).toBe('');
    await resume();
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect(receiver.spans.length).toBe(before);
  });

  it('hold no name and no credential', () => {
    const all = receiver.bodies.join('\n');
    expect(all).toContain(traceId);
    for (const secret of [admin, pair.root, 'seven quiet lanterns', '"ann"']) {
      expect(all.includes(secret)).toBe(false);
    }
  });

  it('are the exemplars of the latencies, for whoever asks for OpenMetrics', async () => {
    const headers = { accept: 'application/openmetrics-text;version=1.0.0' };
    const pages = pair.metricsUrls.map(async (url) => (await fetch(url, { headers })).text());
    const [identity = '', authorizer = ''] = await Promise.all(pages);
    const exemplar = new RegExp(
      `^ledgate_grpc_call_seconds_bucket\\{.*# \\{trace_id="${traceId}"\\}`,
      'mu',
    );
    expect(identity).toMatch(exemplar);
    const revoked = new RegExp(
      `^ledgate_revocation_seconds_bucket\\{.*# \\{trace_id="${traceId}"\\}`,
      'mu',
    );
    expect(authorizer).toMatch(revoked);
    for (const page of [identity, authorizer]) expect(page.trimEnd().endsWith('# EOF')).toBe(true);
    const plain = await (await fetch(pair.metricsUrls[1] ?? '')).text();
    expect(plain).not.toContain('trace_id');
    expect(plain).toMatch(/^ledgate_revocation_seconds_count\{.*ledger="L".*\} [1-9]/mu);
    expect(plain).toMatch(/^ledgate_trace_spans_total\{result="exported",.*\} [1-9]/mu);
  });
});
