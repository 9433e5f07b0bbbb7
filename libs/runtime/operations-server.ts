import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { openMetricsOf } from './metrics.js';

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
export async function startOperationsServer(
  options: OperationsOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer(
    { maxHeaderSize: 8192, requestTimeout: 5000 },
    (request, response) => {
      void answer(options, request, response).catch(() => response.destroy());
    },
  );
  server.maxConnections = 64;
  const port = await listen(server, options);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: OperationsOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

async function answer(
  options: OperationsOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(response, 405, 'only GET\n');
  }
  const [path = ''] = (request.url ?? '').split('?', 1);
  switch (path) {
    case '/metrics':
      if (request.headers.accept?.includes('application/openmetrics-text')) {
        const { contentType, text } = await openMetricsOf(options.registry);
        response.setHeader('content-type', contentType);
        return send(response, 200, text);
      }
      response.setHeader('content-type', options.registry.contentType);
      return send(response, 200, await options.registry.metrics());
    case '/healthz':
      return sendState(response, options.notAlive());
    case '/readyz':
      return sendState(response, options.notReady());
    default:
      return send(response, 404, 'there are /metrics, /healthz and /readyz\n');
  }
}

function sendState(response: ServerResponse, failing: readonly string[]): void {
  send(response, failing.length === 0 ? 200 : 503, `${failing.join('\n') || 'ok'}\n`);
}

function send(response: ServerResponse, code: number, text: string): void {
  response.statusCode = code;
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain');
  response.setHeader('cache-control', 'no-store');
  response.end(text);
}
