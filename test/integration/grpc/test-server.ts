import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { createCallMetrics } from '#libs/grpc/call-metrics.js';
import { Health } from '#libs/grpc/health.js';
import { createServer, listen, type ServerLimits } from '#libs/grpc/server.js';
import { unary, type CallContext } from '#libs/grpc/unary.js';
import { systemClock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { createLogger } from '#libs/runtime/log.js';
import {
  TokenServiceService,
  type GetJwksRequest,
  type GetJwksResponse,
} from '#proto/ledgate/identity/v1/token.js';

export interface TestServer {
  readonly server: Server;
  readonly health: Health;
  readonly port: number;
  readonly registry: Registry;
  readonly logged: string[];
}

export interface TestServerOptions {
  readonly limits?: Partial<ServerLimits>;
  readonly credentials?: ServerCredentials;
  readonly handle?: (request: GetJwksRequest, context: CallContext) => Promise<GetJwksResponse>;
}

export const serviceName = 'ledgate.identity.v1.TokenService';
export const method = `/${serviceName}/GetJwks`;

/** A real server on a free port of loopback with one method: GetJwks. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const logged: string[] = [];
  const destination = { write: (line: string) => void logged.push(line) };
  const registry = new Registry();
  const wiring = {
    clock: systemClock,
    ids: createIds(systemClock, systemRandom),
    log: createLogger({ service: 'test', level: 'debug', destination }),
    metrics: createCallMetrics(registry),
  };
  const server = createServer(options.limits);
  const handle = options.handle ?? (() => Promise.resolve({ jwksJson: '{"keys":[]}' }));
  server.addService(TokenServiceService, { getJwks: unary(wiring, handle) });
  const health = new Health(server, [serviceName]);
  health.set(true);
  const { credentials } = options;
  const address = 'localhost:0';
  const port = await listen(server, { address, credentials, allowPlaintext: false });
  return { server, health, port, registry, logged };
}
