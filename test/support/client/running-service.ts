import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A program that a test started and that said where it listens. */
export interface RunningService {
  readonly http: string;
  readonly grpc: string;
  readonly stop: () => Promise<void>;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

/** Starts the orders example by `node …args` on free ports; rejects with what it said when it ends. */
export async function startOrders(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningService> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env['PATH'], ...env, PORT: '0', GRPC_PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const listening = new Promise<{ http: string; grpc: string }>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const [, http, grpc] = /orders: (http:\/\/\S+), gRPC (\S+)/.exec(said) ?? [];
      if (http !== undefined && grpc !== undefined) resolve({ http, grpc });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
  return { ...(await listening), stop: () => stop(child) };
}
