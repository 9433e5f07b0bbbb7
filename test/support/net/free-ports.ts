import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Ports nobody listens on, below the range from which systems pick the source ports of outgoing
 * connections: a client that redials a dead server in that range can end up connected to itself
 * and take the port away from the server that wants to come back.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; found.size < count; attempt += 1) {
    if (attempt > 100 + 10 * count) throw new Error('no free ports between 15000 and 32000');
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no free port');
  return port;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
