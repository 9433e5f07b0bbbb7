import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** A child process with an IPC channel, pinned to one core where the system allows it. */
export interface PinnedProcess {
  /** What the child sent first. */
  readonly greeting: unknown;
  /** Sends a message and resolves with the next one that comes back. */
  ask(message: unknown): Promise<unknown>;
  /** Stops it in its tracks, so that its timers and its collector disturb nobody; it goes on later. */
  pause(): void;
  resume(): void;
  /** Processor time that it has used so far, all threads together; NaN where the system does not say. */
  cpuMs(): number;
  /** Lets it clean up, for five seconds. */
  stop(): Promise<void>;
}

/** `first` is for the server under test, `last` for whoever puts load on it, `any` is not pinned. */
export type Core = 'first' | 'last' | 'any';

const canPin = spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** `built`: what is measured is the compiled program, as it ships; only `file` itself is a source. */
export type Code = 'source' | 'built';

export async function spawnPinned(
  file: string,
  core: Core,
  args: readonly string[] = [],
  code: Code = 'source',
): Promise<PinnedProcess> {
  const condition = code === 'source' ? ['--conditions=source'] : [];
  const node = [
    process.execPath,
    '--max-semi-space-size=64',
    ...condition,
    '--import',
    'tsx',
    file,
    ...args,
  ];
  const cpu = core === 'first' ? 0 : availableParallelism() - 1;
  const [command = '', ...rest] =
    canPin && core !== 'any' ? ['taskset', '-c', String(cpu), ...node] : node;
  const child = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let settle: { resolve(message: unknown): void; reject(error: Error): void } | undefined;
  child.on('message', (message) => settle?.resolve(message));
  child.on('exit', () => settle?.reject(new Error(`${file} ended before it answered`)));
  const next = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
  const greeting = await next();
  return {
    greeting,
    ask: (message) => {
      const answer = next();
      child.send(message as object);
      return answer;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    cpuMs: () => cpuMsOf(child.pid),
    stop: async () => {
      child.kill('SIGCONT');
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        if (child.connected) child.disconnect();
        await gone;
      }
      clearTimeout(late);
    },
  };
}

/** proc(5): fields 14 and 15 of `stat` are ticks of 10 ms; the name before may have spaces. */
function cpuMsOf(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Number.NaN;
  }
}
