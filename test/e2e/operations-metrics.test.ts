import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freeAddress } from '#services/ledgate/operate/service-process.js';
import {
  buildCli,
  repository,
  startDevProcess,
  type DevProcess,
} from '../support/ledgate/built-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'ledgate-metrics-'));
const text = readFileSync(join(repository, 'docs/operations.md'), 'utf8');
let dev: DevProcess;
let base: string;
let next: string;

beforeAll(async () => {
  buildCli();
  const address = await freeAddress();
  base = `http://${address}`;
  next = base.replace(/\d+$/, (port) => String(Number(port) + 1));
  dev = await startDevProcess(join(folder, 'data'), { LEDGATE_METRICS_ADDR: address });
});

afterAll(async () => {
  await dev.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function get(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

/** Names of our own metrics, from the types that Prometheus' format declares. */
async function metricsOf(service: string): Promise<string[]> {
  const { text: scraped } = await get(`${service}/metrics`);
  return [...scraped.matchAll(/^# TYPE (ledgate_\w+) /gm)].map(([, name = '']) => name);
}

function documented(of: 'identity' | 'authorizer'): string[] {
  const rows = text.matchAll(/^\| `(ledgate_\w+)` \| (\w+) \|/gm);
  return [...rows].flatMap(([, name = '', by]) => (by === of || by === 'both' ? [name] : []));
}

describe('the metrics in docs/operations.md', () => {
  it('are those of identity', async () => {
    expect((await metricsOf(base)).sort()).toEqual(documented('identity').sort());
  });

  it('are those of the authorizer, on the next port in ledgate dev', async () => {
    expect((await metricsOf(next)).sort()).toEqual(documented('authorizer').sort());
  });
});

describe('the endpoints in docs/operations.md', () => {
  it.each(['healthz', 'readyz'])('/%s says ok at both', async (path) => {
    expect(await get(`${base}/${path}`)).toEqual({ status: 200, text: 'ok\n' });
    expect(await get(`${next}/${path}`)).toEqual({ status: 200, text: 'ok\n' });
  });
});
