import type { Registry } from 'prom-client';

export interface OperationsOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly registry: Registry;
  /** Names of what is not alive; none: 200 on /healthz, else 503 and the names. */
  readonly notAlive: () => readonly string[];
  /** The same for /readyz. */
  readonly notReady: () => readonly string[];
}

/** The plain HTTP port for operators: GET /metrics, /healthz, /readyz and nothing else. */
export function startOperationsServer(
  _options: OperationsOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  throw new Error('being written');
}
