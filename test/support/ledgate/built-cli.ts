import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** The command line as people run it: built, without a loader. */
export const builtCli: readonly string[] = [
  process.execPath,
  join(repository, 'dist/services/ledgate/main.js'),
];

type Variables = Readonly<Record<string, string>>;

/** Compiles to dist when a source is newer, as `npm start` does. */
export function buildCli(): void {
  const args = ['services/ledgate/launch/run.mjs', 'services/ledgate/main.js', '--version'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: repository });
  if (status !== 0) throw new Error(`the build failed:\n${String(stdout)}${String(stderr)}`);
}

/** Nothing of Ledgate from the environment of the tests. */
export function cleanEnvironment(more: Variables = {}): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, ...more };
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `ledgate …` to its end. */
export async function runCli(
  args: readonly string[],
  { env = {}, input = '' }: { readonly env?: Variables; readonly input?: string } = {},
): Promise<Ran> {
  const [node = '', main = ''] = builtCli;
  const child = spawn(node, [main, ...args], { cwd: repository, env: cleanEnvironment(env) });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  // A command that reads no input may be gone before it is written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** What `ledgate --json dev` says when it serves. */
export interface DevProcess {
  readonly child: ChildProcess;
  readonly identity: string;
  readonly authorizer: string;
  readonly tenantId: string;
  readonly adminKey: string;
  readonly backendKey: string;
  readonly aliceKey: string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `ledgate dev` with its demo tenant on free ports; rejects with what it said when it ends. */
export async function startDevProcess(dataDir: string, env: Variables = {}): Promise<DevProcess> {
  const [node = '', main = ''] = builtCli;
  const addresses = {
    LEDGATE_IDENTITY_ADDR: '127.0.0.1:0',
    LEDGATE_AUTHORIZER_ADDR: '127.0.0.1:0',
  };
  const child = spawn(node, [main, '--json', '--data', dataDir, 'dev'], {
    cwd: repository,
    // Threads as `npm start` sets them.
    env: cleanEnvironment({ UV_THREADPOOL_SIZE: '8', ...addresses, ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let said = '';
  const served = new Promise<string>((resolve, reject) => {
    const hear = (chunk: unknown): void => {
      said += String(chunk);
      const line = said.split('\n').find((one) => one.startsWith('{"identity"'));
      if (line !== undefined) resolve(line);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    void ended.then(([code]) => reject(new Error(`ended with ${String(code)}: ${said}`)));
  });
  const facts = JSON.parse(await served) as Omit<DevProcess, 'child' | 'stop'>;
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    return code;
  };
  return { ...facts, child, stop };
}
