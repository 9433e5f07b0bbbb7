import { afterEach, describe, expect, it } from 'vitest';
import { systemRandom } from '#libs/runtime/ids.js';
import { OtlpTracer } from '#libs/runtime/otlp-tracer.js';
import { formatTraceparent, parseTraceparent } from '#libs/runtime/traceparent.js';
import { VirtualClock } from '../../simulation/virtual-clock.js';
import { startSpanReceiver, type SpanReceiver } from '../../support/net/span-receiver.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const sampled = `00-${traceId}-${spanId}-01`;

describe('traceparent', () => {
  it('comes back as it was', () => {
    expect(parseTraceparent(sampled)).toEqual({ traceId, spanId, sampled: true });
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.sampled).toBe(false);
    expect(formatTraceparent({ traceId, spanId, sampled: true })).toBe(sampled);
  });

  it.each([
    '',
    sampled.toUpperCase(),
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `${sampled}-more`,
    `00-${traceId}-${spanId}`,
  ])('%j is none', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});

describe('spans', () => {
  let receiver: SpanReceiver;
  afterEach(() => receiver.close());

  async function tracerTo(answer: number) {
    receiver = await startSpanReceiver(answer);
    const troubles: unknown[] = [];
    const tracer = new OtlpTracer({
      url: `${receiver.url}/`,
      service: 'test',
      clock: new VirtualClock(),
      random: systemRandom,
      onTrouble: (error) => troubles.push(error),
    });
    const many = (count: number): void => {
      for (let at = 0; at < count; at++) {
        tracer.start({ name: `s${at}`, kind: 'SERVER', traceparent: sampled })?.end();
      }
    };
    return { tracer, troubles, many };
  }

  it('all arrive, in batches, with their parent', async () => {
    const { tracer, many } = await tracerTo(200);
    many(1_200);
    await tracer.close();
    expect(receiver.bodies.length).toBe(3);
    expect(receiver.spans.map(({ name }) => name)).toEqual(
      Array.from({ length: 1_200 }, (_, at) => `s${at}`),
    );
    expect(new Set(receiver.spans.map((span) => span.spanId)).size).toBe(1_200);
    expect(receiver.spans.every((span) => span.parentSpanId === spanId)).toBe(true);
    expect(tracer.counts).toEqual({ exported: 1_200, dropped: 0 });
  });

  it('are dropped and counted when the collector fails, or is slower than they come', async () => {
    const { tracer, troubles, many } = await tracerTo(503);
    many(10_000);
    await tracer.close();
    expect(tracer.counts).toEqual({ exported: 0, dropped: 10_000 });
    expect(troubles.length).toBe(16);
  });
});
