import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry with the process's default metrics and the label `service` on everything. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}
