import type { Registry } from 'prom-client';

/** Counts and times calls: `ledgate_grpc_calls_total`, `ledgate_grpc_call_seconds`. */
export interface CallMetrics {
  observe(method: string, code: number, tookMs: number): void;
}

export function createCallMetrics(_registry: Registry): CallMetrics {
  throw new Error('being written');
}
