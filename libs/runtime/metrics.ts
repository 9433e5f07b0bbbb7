import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** A registry with the process's default metrics and the label `service` on everything. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** A gauge that is read when it is asked for. */
export function addGauge(registry: Registry, name: string, help: string, read: () => number): void {
  const gauge: Gauge = new Gauge({
    name,
    help,
    registers: [registry],
    collect: () => gauge.set(read()),
  });
}

export interface CountedBy<Label extends string> {
  readonly labels: readonly Label[];
  /** Totals since the start of the process, one for each combination of labels. */
  readonly read: () => readonly {
    readonly labels: Record<Label, string>;
    readonly count: number;
  }[];
}

/** A counter that is kept elsewhere, as plain numbers, and read when it is asked for. */
export function addCounter<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  by: CountedBy<Label>,
): void {
  const counter: Counter<Label> = new Counter({
    name,
    help,
    labelNames: by.labels,
    registers: [registry],
    collect: () => {
      counter.reset();
      for (const { labels, count } of by.read()) counter.inc(labels, count);
    },
  });
}
