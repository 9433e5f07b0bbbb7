import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const main = fileURLToPath(new URL('../../../services/ledgate/main.ts', import.meta.url));

export interface ProgramRun {
  readonly stdout: string;
  readonly stderr: string;
  /** 127: there is no such program. */
  readonly code: number;
}

/** Runs a program in the repository's folder to its end; of `LEDGATE_…` it knows `env` only. */
export async function runProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin = '',
): Promise<ProgramRun> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('LEDGATE_'));
  const child = spawn(command, args, {
    cwd: repository,
    env: { ...Object.fromEntries(own), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  try {
    const [code] = (await once(child, 'close')) as [number];
    return { ...said, code };
  } catch (error) {
    return { ...said, stderr: String(error), code: 127 };
  }
}

/** Runs `ledgate …args`. */
export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin = '',
): Promise<ProgramRun> {
  const source = ['--conditions=source', '--import', 'tsx', main];
  return runProgram(process.execPath, [...source, ...args], env, stdin);
}
