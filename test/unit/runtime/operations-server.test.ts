import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRegistry } from '#libs/runtime/metrics.js';
import { startOperationsServer } from '#libs/runtime/operations-server.js';

let notReady: string[] = [];
let server: Awaited<ReturnType<typeof startOperationsServer>>;
const get = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.port}${path}`, init);

beforeAll(async () => {
  server = await startOperationsServer({
    host: '127.0.0.1',
    port: 0,
    registry: createRegistry('test'),
    notAlive: () => [],
    notReady: () => notReady,
  });
});
afterAll(() => server.close());

describe('operations server', () => {
  it('serves the metrics in the format of Prometheus', async () => {
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toContain('version=0.0.4');
    expect(await response.text()).toContain('process_cpu_seconds_total{service="test"}');
  });

  it('tells what is not ready', async () => {
    notReady = ['ledger: 3000 ms behind'];
    const unready = await get('/readyz');
    expect(unready.status).toBe(503);
    expect(await unready.text()).toBe('ledger: 3000 ms behind\n');
    notReady = [];
    expect((await get('/readyz?verbose')).status).toBe(200);
    expect(await (await get('/healthz')).text()).toBe('ok\n');
  });

  it('refuses other methods and paths', async () => {
    expect((await get('/metrics', { method: 'POST', body: 'x' })).status).toBe(405);
    expect((await get('/metrics/../etc')).status).toBe(404);
    expect((await get('/')).status).toBe(404);
  });

  it('fails when the port is taken', async () => {
    const taken = { host: '127.0.0.1', port: server.port, registry: createRegistry('x') };
    const none = { notAlive: () => [], notReady: () => [] };
    await expect(startOperationsServer({ ...taken, ...none })).rejects.toThrow('EADDRINUSE');
  });
});
