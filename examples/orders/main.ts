import { promisify } from 'node:util';
import { ServerCredentials } from '@grpc/grpc-js';
import { serve } from '@hono/node-server';
import { connectLedgate } from '@ledgate/client';
import { grpcApi } from './grpc-api.js';
import { httpApi } from './http-api.js';
import { sampleOrders } from './orders.js';

const {
  LEDGATE_AUTHORIZER = '127.0.0.1:7402',
  LEDGATE_API_KEY = '',
  PORT = '8080',
  GRPC_PORT = '8081',
} = process.env;

if (LEDGATE_API_KEY === '') {
  process.stderr.write('LEDGATE_API_KEY: the API key of this service is missing\n');
  process.exit(1);
}

const ledgate = connectLedgate({ address: LEDGATE_AUTHORIZER, credential: LEDGATE_API_KEY });
const orders = sampleOrders();

const rpc = grpcApi(orders, ledgate);
const bind = promisify(rpc.bindAsync.bind(rpc));
const grpcPort = await bind(`127.0.0.1:${GRPC_PORT}`, ServerCredentials.createInsecure());

const { fetch } = httpApi(orders, ledgate);
const http = serve({ fetch, port: Number(PORT), hostname: '127.0.0.1' }, ({ port }) => {
  process.stdout.write(`orders: http://127.0.0.1:${port}, gRPC 127.0.0.1:${grpcPort}\n`);
});

async function stop(): Promise<void> {
  await new Promise((resolve) => http.close(resolve));
  await promisify(rpc.tryShutdown.bind(rpc))();
  await ledgate.close();
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
