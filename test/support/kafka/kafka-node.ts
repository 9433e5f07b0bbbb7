import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kafkaJava } from './jars.js';
import { nodeSettings, type NodeAddresses } from './node-settings.js';

const run = promisify(execFile);

/** One broker process that a test may pause, kill and start again on the same data and ports. */
export interface KafkaNode {
  readonly id: number;
  /** `host:port` that clients are told: that of a proxy, where one was given. */
  readonly address: string;
  /** `host:port` of a listener that never goes through a proxy. */
  readonly direct: string;
  /** Where the broker itself listens for clients: the target of a proxy. */
  readonly port: number;
  pid(): number | undefined;
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void;
  resume(): void;
  kill9(): Promise<void>;
  /** Orderly shutdown. */
  stop(): Promise<void>;
  start(): void;
}

/** Writes the settings of all nodes and formats their storage. */
export async function formatNodes(
  all: readonly NodeAddresses[],
  ids: { cluster: string; directories: readonly string[] },
): Promise<void> {
  const { java, args } = await kafkaJava();
  const voters = all.map((n, i) => `${n.id}@127.0.0.1:${n.controllerPort}:${ids.directories[i]}`);
  for (const node of all) {
    mkdirSync(node.folder, { recursive: true });
    const file = join(node.folder, 'server.properties');
    writeFileSync(file, nodeSettings(node, all));
    const tool = ['kafka.tools.StorageTool', 'format', '-t', ids.cluster, '-c', file];
    await run(java, [...args, ...tool, '--initial-controllers', voters.join(',')]);
  }
}

/** A handle on the (not yet started) process of a formatted node. */
export async function kafkaNode(addresses: NodeAddresses): Promise<KafkaNode> {
  const { java, args } = await kafkaJava();
  const settings = join(addresses.folder, 'server.properties');
  let child: ChildProcess | undefined;

  const signal = (name: NodeJS.Signals): void => {
    child?.kill(name);
  };
  const end = async (name: NodeJS.Signals): Promise<void> => {
    const ending = child;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = once(ending, 'exit');
    ending.kill(name);
    // A paused process receives a signal other than SIGKILL only once it goes on.
    if (name !== 'SIGKILL') ending.kill('SIGCONT');
    const patience = setTimeout(() => ending.kill('SIGKILL'), 20_000);
    await exited;
    clearTimeout(patience);
    process.off('exit', killAtExit);
    child = undefined;
  };
  const killAtExit = (): void => signal('SIGKILL');

  return {
    id: addresses.id,
    address: `127.0.0.1:${addresses.advertisedPort}`,
    direct: `127.0.0.1:${addresses.directPort}`,
    port: addresses.clientPort,
    pid: () => child?.pid,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    kill9: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start: () => {
      if (child !== undefined) throw new Error(`node ${addresses.id} is running`);
      const output = openSync(join(addresses.folder, 'output.log'), 'a');
      child = spawn(java, [...args, 'kafka.Kafka', settings], {
        stdio: ['ignore', output, output],
      });
      closeSync(output);
      process.on('exit', killAtExit);
    },
  };
}

/** The end of what a node printed: for the error of a start that failed. */
export function nodeOutput(folder: string): string {
  try {
    return readFileSync(join(folder, 'output.log'), 'utf8').slice(-2000);
  } catch {
    return '';
  }
}
