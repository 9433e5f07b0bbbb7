import type { Registry } from 'prom-client';
import { addCounter, addHistogram, addLedgerGauge } from './metrics.js';
import { parseTraceparent } from './traceparent.js';

/** Numbers of one followed ledger, read when they are asked for. */
export interface LedgerNumbers {
  /** Name of the ledger: a label. */
  readonly ledger: string;
  readonly lag: () => number;
  readonly stalenessMs: () => number;
  readonly verdicts: () => ReadonlyMap<string, number>;
}

/** From 1 ms, where a broker is near, to 5 min, the hard staleness limit. */
const revocationBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300];

/** What both services say of each ledger that they follow, under the same names. */
export function addFollowedLedgerMetrics(
  registry: Registry,
  ledgers: () => readonly LedgerNumbers[],
): void {
  const gauge = (name: string, help: string, read: (of: LedgerNumbers) => number): void =>
    addLedgerGauge(registry, name, help, { ledgers, read });
  gauge('ledgate_ledger_lag_records', 'Records of the log that are not folded yet.', (one) =>
    one.lag(),
  );
  gauge(
    'ledgate_ledger_staleness_seconds',
    'Age of the proof that nothing newer was missed.',
    (one) => Math.min(one.stalenessMs() / 1000, 1e9),
  );
  addCounter(registry, 'ledgate_ledger_records_total', 'Records by verdict.', {
    labels: ['ledger', 'verdict'],
    read: () =>
      ledgers().flatMap(({ ledger, verdicts }) =>
        [...verdicts()].map(([verdict, count]) => ({ labels: { ledger, verdict }, count })),
      ),
  });
}

/** Times revocations: from the append, by the log's clock, until this process acts on them. */
export function addRevocationMetrics(
  registry: Registry,
): (ledger: string) => (seconds: number, traceparent: string) => void {
  const observe = addHistogram(
    registry,
    'ledgate_revocation_seconds',
    'From the append of a revoking record until it was folded.',
    { labelNames: ['ledger'], buckets: revocationBuckets },
  );
  return (ledger) => (seconds, traceparent) => {
    const trace = parseTraceparent(traceparent);
    observe({ ledger }, seconds, trace?.sampled === true ? trace.traceId : undefined);
  };
}
