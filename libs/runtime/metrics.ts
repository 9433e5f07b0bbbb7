import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The label of each registry, which prom-client does not give back. */
const services = new WeakMap<Registry, string>();

/** A registry with the process's default metrics and the label `service` on everything. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  services.set(registry, service);
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

/** A gauge with a value for each ledger, read when it is asked for. */
export function addLedgerGauge<L extends { readonly ledger: string }>(
  registry: Registry,
  name: string,
  help: string,
  by: { readonly ledgers: () => readonly L[]; readonly read: (one: L) => number },
): void {
  const gauge: Gauge<'ledger'> = new Gauge({
    name,
    help,
    labelNames: ['ledger'],
    registers: [registry],
    collect: () => {
      gauge.reset();
      for (const one of by.ledgers()) gauge.set({ ledger: one.ledger }, by.read(one));
    },
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

/** A histogram of seconds whose observations may carry the id of a trace (an exemplar). */
export function addHistogram<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  { labelNames, buckets }: { readonly labelNames: readonly Label[]; readonly buckets: number[] },
): (labels: Record<Label, string>, seconds: number, traceId?: string) => void {
  const histogram = new Histogram<Label | 'trace_id'>({
    name,
    help,
    labelNames,
    buckets,
    enableExemplars: true,
    registers: [],
  });
  registry.registerMetric(histogram);
  return (labels, value, traceId) => {
    const exemplarLabels = traceId === undefined ? {} : { trace_id: traceId };
    histogram.observe({
      labels: labels as Partial<Record<Label | 'trace_id', string>>,
      value,
      exemplarLabels: exemplarLabels as Partial<Record<Label | 'trace_id', string>>,
    });
  };
}

/** The registry as OpenMetrics 1.0 text, which has room for exemplars, and its content type. */
export async function openMetricsOf(
  registry: Registry,
): Promise<{ readonly contentType: string; readonly text: string }> {
  const open = new Registry();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  open.setDefaultLabels({ service: services.get(registry) ?? '' });
  for (const metric of registry.getMetricsAsArray()) {
    open.registerMetric(aloof(metric as unknown as Readable) as never);
  }
  return { contentType: open.contentType, text: await open.metrics() };
}

/** What a registry uses of a metric when it writes it. */
interface Readable {
  readonly name: string;
  readonly type: string;
  get(): Promise<object>;
  getForPromString?(): Promise<object>;
}

/** An OpenMetrics registry of prom-client renames the counters that it writes: it gets others. */
function aloof(metric: Readable): Readable {
  const name = metric.type === 'counter' ? metric.name.replace(/_total$/u, '') : metric.name;
  const read = async (): Promise<object> => {
    const values = metric.getForPromString ? metric.getForPromString() : metric.get();
    return { ...(await values), name };
  };
  return { name, type: metric.type, get: read };
}
