import { Server, ServerCredentials } from '@grpc/grpc-js';
import { TokenServiceService } from '#proto/ledgate/identity/v1/token.js';
import { startTestServer } from './test-server.js';

// A server in a process of its own, so that its memory can be told from that of its attackers.

const limits = {
  maxReceiveBytes: 1 << 20,
  maxStreamsPerConnection: 64,
  maxConnections: 50,
  stuckCallMs: 300,
  keepaliveTimeMs: 2500,
  keepaliveTimeoutMs: 500,
};

let handled = 0;
const test = await startTestServer({
  limits,
  handle: () => {
    handled += 1;
    return Promise.resolve({ jwksJson: 'x'.repeat(300_000) });
  },
});

// The same method on a server as grpc-js makes it: shows that the attacks bite.
const bare = new Server();
bare.addService(TokenServiceService, {
  getJwks: (_call: unknown, callback: (error: null, answer: { jwksJson: string }) => void) => {
    handled += 1;
    callback(null, { jwksJson: 'x'.repeat(300_000) });
  },
});
const undefended = await new Promise<number>((resolve, reject) => {
  bare.bindAsync('localhost:0', ServerCredentials.createInsecure(), (error, port) =>
    error === null ? resolve(port) : reject(error),
  );
});

process.on('message', () => {
  globalThis.gc?.();
  process.send?.({ handled, residentMb: process.memoryUsage.rss() / 2 ** 20 });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: test.port, undefended });
