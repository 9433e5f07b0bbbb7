import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repository } from '../support/ledgate/built-cli.js';
import { setUpTenant } from '../support/identity/tenant-setup.js';
import { bySubject, startPair, type Pair } from '../support/ledgate/running-pair.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}
interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const text = (path: string): string => readFileSync(join(repository, path), 'utf8');
const { groups } = parse(text('deploy/prometheus/alerts.yml')) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(text('deploy/grafana/ledgate.json')) as {
  readonly panels: readonly Panel[];
};
const expressions: readonly (readonly [where: string, expr: string])[] = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    // Grafana puts a duration here before it asks.
    targets.map(({ expr }) => [title, expr.replaceAll('$__rate_interval', '1m')] as const),
  ),
];

interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** What an expression selects. Throws on what the grammar of Prometheus does not know. */
function selectorsOf(expr: string): Selector[] {
  const found: { metric: string; labels: string[] }[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      const part = expr.slice(from, to);
      if (type.isError) throw new SyntaxError(`${expr}: at ${from}`);
      if (type.name === 'Identifier') found.push({ metric: part, labels: [] });
      if (type.name === 'LabelName' && expr.slice(to).match(/^\s*(=~|!~|=|!=)/u)) {
        found.at(-1)?.labels.push(part);
      }
    },
  });
  return found;
}

let pair: Pair;
/** Labels of each metric of either service, by the names under which Prometheus stores them. */
const series = new Map<string, Set<string>>();

beforeAll(async () => {
  pair = await startPair();
  const { admin, tenantId, adminId } = await setUpTenant(pair, 'acme');
  const who = bySubject(tenantId, adminId);
  await pair.authorize({ who, action: 'orders:read', resource: 'a' }, admin);
  for (const url of pair.metricsUrls) {
    const page = await (await fetch(url)).text();
    for (const [, name = '', of = ''] of page.matchAll(/^([a-z]\w*)(?:\{(.*)\})? /gmu)) {
      const labels = series.get(name) ?? new Set();
      for (const [, label = ''] of of.matchAll(/(\w+)="/gu)) labels.add(label);
      series.set(name, labels);
    }
  }
}, 60_000);
afterAll(() => pair.close());

describe('alert rules and dashboard', () => {
  it('hold something', () => {
    expect(rules.length).toBeGreaterThan(10);
    expect(expressions.length).toBeGreaterThan(30);
  });

  it.each(expressions)('%s: an expression of PromQL over what the services measure', (_, expr) => {
    const selectors = selectorsOf(expr);
    expect(selectors.length).toBeGreaterThan(0);
    for (const { metric, labels } of selectors) {
      expect([metric, series.has(metric)]).toEqual([metric, true]);
      for (const label of labels) expect([...(series.get(metric) ?? [])]).toContain(label);
    }
  });

  it.each(rules)('$alert says how bad it is and where help is', ({ labels, annotations }) => {
    expect(['warning', 'critical']).toContain(labels.severity);
    expect(annotations.summary).not.toBe('');
    const headings = [...text('docs/operations.md').matchAll(/^#+ (.+)$/gmu)].map(
      ([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^a-z0-9 -]/gu, '')
          .replaceAll(' ', '-'),
    );
    expect(headings).toContain(annotations.runbook);
  });

  it('would notice a wrong expression, metric or label', () => {
    expect(() => selectorsOf('sum by (a) (rate(x[5m])')).toThrow(SyntaxError);
    expect(() => selectorsOf('sum(x{a=="b"})')).toThrow(SyntaxError);
    expect(selectorsOf('rate(no_such{odd="x"}[5m])')).toEqual([
      { metric: 'no_such', labels: ['odd'] },
    ]);
    expect(series.has('no_such')).toBe(false);
  });
});
