import { z } from 'zod';
import type { Registry } from 'prom-client';
import type { Clock } from './clock.js';
import { systemRandom } from './ids.js';
import type { Logger } from './log.js';
import { addCounter } from './metrics.js';
import { OtlpTracer } from './otlp-tracer.js';
import type { Shutdown } from './shutdown.js';
import type { Tracer } from './tracer.js';

/** Where spans go: ours, or the name that OpenTelemetry gave it. None: no spans. */
export const tracingVariables = {
  LEDGATE_OTLP_ENDPOINT: z.url({ protocol: /^https?$/u }).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/u }).optional(),
};

export interface TracingEnv {
  readonly LEDGATE_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
}

export function otlpEndpointFrom(env: TracingEnv): string | undefined {
  return env.LEDGATE_OTLP_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
}

export interface TracingParts {
  /** `ledgate-identity`. */
  readonly service: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly shutdown: Shutdown;
}

/** The tracer of a process, its counter and its end; `undefined` where no endpoint is set. */
export function startTracing(url: string | undefined, parts: TracingParts): Tracer | undefined {
  const { service, clock, logger, registry, shutdown } = parts;
  const onTrouble = (error: unknown): void =>
    logger.warn({ err: error }, 'spans could not be exported');
  const random = systemRandom;
  const tracer =
    url === undefined ? undefined : new OtlpTracer({ url, service, clock, random, onTrouble });
  addCounter(registry, 'ledgate_trace_spans_total', 'Spans by what became of them.', {
    labels: ['result'],
    read: () =>
      Object.entries(tracer?.counts ?? { exported: 0, dropped: 0 }).map(([result, count]) => ({
        labels: { result },
        count,
      })),
  });
  if (tracer !== undefined) shutdown.add('tracing', () => tracer.close());
  return tracer;
}
