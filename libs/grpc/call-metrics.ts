import { status } from '@grpc/grpc-js';
import { Histogram, type Registry } from 'prom-client';

/** Counts and times calls: the histogram `ledgate_grpc_call_seconds{method,code}`. */
export interface CallMetrics {
  /** `method` is a registered path, never text of a caller; `code` a gRPC status. */
  observe(method: string, code: status, tookMs: number): void;
}

/** From 0.25 ms, where answers from memory are, to 10 s. */
const buckets = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2, 10];

export function createCallMetrics(registry: Registry): CallMetrics {
  const calls = new Histogram({
    name: 'ledgate_grpc_call_seconds',
    help: 'Time from the complete request to the answer, by method and status.',
    labelNames: ['method', 'code'] as const,
    buckets,
    registers: [registry],
  });
  return {
    observe: (method, code, tookMs) =>
      calls.observe({ method, code: status[code] }, Math.max(0, tookMs) / 1000),
  };
}
