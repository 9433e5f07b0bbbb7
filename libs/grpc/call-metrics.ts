import { status } from '@grpc/grpc-js';
import { Histogram, type Registry } from 'prom-client';

/** Counts and times calls: the histogram `ledgate_grpc_call_seconds{method,code}`, with trace ids as exemplars. */
export interface CallMetrics {
  /** `method` is a registered path, never text of a caller; `code` a gRPC status. */
  observe(method: string, code: status, tookMs: number, traceId?: string): void;
}

/** From 0.25 ms, where answers from memory are, to 10 s. */
const buckets = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2, 10];

export function createCallMetrics(registry: Registry): CallMetrics {
  const calls = new Histogram<'method' | 'code' | 'trace_id'>({
    name: 'ledgate_grpc_call_seconds',
    help: 'Time from the complete request to the answer, by method and status.',
    labelNames: ['method', 'code'],
    buckets,
    enableExemplars: true,
    registers: [],
  });
  registry.registerMetric(calls);
  return {
    observe: (method, code, tookMs, traceId) => {
      const labels = { method, code: status[code] };
      const value = Math.max(0, tookMs) / 1000;
      const exemplarLabels = traceId === undefined ? {} : { trace_id: traceId };
      calls.observe({ labels, value, exemplarLabels });
    },
  };
}
