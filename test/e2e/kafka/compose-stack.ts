import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ComposeBrokers } from './compose-brokers.js';
import { freePorts } from '../../support/net/free-ports.js';

interface Service {
  readonly command: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const ledgate = ['--conditions=source', '--import', 'tsx', 'services/ledgate/main.ts'];

/** What the services of docker-compose.yml do, as processes: the same commands and variables. */
export class ComposeStack {
  readonly #services: Record<string, Service>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ledgate-compose-'));
  readonly #running: ChildProcess[] = [];
  #brokers: ComposeBrokers | undefined;
  readonly #ports: ReadonlyMap<string, { service: number; metrics: number }>;

  private constructor(ports: number[]) {
    const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
    this.#services = (
      parse(text, { merge: true }) as { services: Record<string, Service> }
    ).services;
    const names = ['identity', 'authorizer-1', 'authorizer-2'];
    this.#ports = new Map(
      names.map((name, i) => [
        name,
        { service: ports[2 * i] ?? 0, metrics: ports[2 * i + 1] ?? 0 },
      ]),
    );
    const secrets = ['master', 'ledger', 'authorizer', 'operator'].map((name) => `secrets/${name}`);
    for (const name of ['certs', 'data', 'tmp', ...secrets]) {
      mkdirSync(join(this.#folder, name), { recursive: true });
    }
  }

  static async create(): Promise<ComposeStack> {
    return new ComposeStack(await freePorts(6));
  }

  async startBrokers(): Promise<void> {
    const names = ['kafka-1', 'kafka-2', 'kafka-3'];
    this.#brokers = await ComposeBrokers.start(
      names.map((name) => this.#environment(name)),
      join(this.#folder, 'data'),
      join(this.#folder, 'certs'),
    );
  }

  get brokerAddresses(): string[] {
    return this.#brokers?.addresses ?? [];
  }

  /** `localhost:port` of a service. */
  address(name: string): string {
    return `localhost:${this.#ports.get(name)?.service}`;
  }

  /** Contents of a file of a container. */
  read(path: string): string {
    return readFileSync(this.#local(path), 'utf8').trim();
  }

  /** Runs a service that ends by itself; throws with its output when it fails. */
  prepare(name: string): void {
    const { entrypoint = [], command } = this.#service(name);
    const [shell = '', ...flags] = entrypoint;
    const node = [process.execPath, ...ledgate].join(' ');
    const script = this.#local(command.join('\n'))
      .replaceAll('$$', '$')
      .replaceAll('cd /app', `cd ${root}`)
      .replaceAll('node dist/services/ledgate/main.js', node);
    const run = spawnSync(shell, [...flags, script], {
      cwd: root,
      env: this.#environment(name),
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`${name} failed: ${run.stdout}${run.stderr}`);
  }

  /** Starts a service and waits until its health check would pass. */
  async start(name: string): Promise<void> {
    const child = spawn(process.execPath, [...ledgate, ...this.#service(name).command], {
      cwd: root,
      env: this.#environment(name),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4000);
      });
    }
    const url = `http://127.0.0.1:${this.#ports.get(name)?.metrics}/readyz`;
    for (let tries = 0; tries < 300; tries += 1) {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
      const ready = await fetch(url).then(
        (response) => response.ok,
        () => false,
      );
      if (ready) return;
      await sleep(200);
    }
    throw new Error(`${name} is not ready: ${output}`);
  }

  /** The command line, as an operator with the first administrator's key would use it. */
  operate(authorizer: string, ...args: string[]): { status: number | null; output: string } {
    const where = [
      ['--identity', this.address('identity')],
      ['--authorizer', this.address(authorizer)],
      ['--ca', this.#local('/certs/ca.pem')],
      ['--credential', this.read('/secrets/operator/bootstrap-api-key')],
    ].flat();
    const run = spawnSync(process.execPath, [...ledgate, ...where, '--json', ...args], {
      cwd: root,
      env: plainEnvironment(),
      encoding: 'utf8',
    });
    return { status: run.status, output: run.stdout + run.stderr };
  }

  async stop(): Promise<void> {
    for (const child of this.#running) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(patience);
    }
    await this.#brokers?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #service(name: string): Service {
    const service = this.#services[name];
    if (service === undefined) throw new Error(`there is no service ${name}`);
    return service;
  }

  /** Paths of containers become paths below the scratch folder. */
  #local(text: string): string {
    return text.replaceAll(
      /(?<![\w/.-])\/(secrets|certs|data|tmp)\b/g,
      (_, name: string) => `${this.#folder}/${name}`,
    );
  }

  #environment(name: string): Record<string, string> {
    const ports = this.#ports.get(name);
    const set = Object.entries(this.#service(name).environment ?? {}).map(([key, value]) => {
      switch (key) {
        case 'LEDGATE_KAFKA_BROKERS':
          return [key, this.#brokers?.addresses.join(',') ?? ''];
        case 'LEDGATE_IDENTITY_URL':
          return [key, this.address('identity')];
        case 'LEDGATE_METRICS_ADDR':
          return [key, `127.0.0.1:${ports?.metrics ?? 0}`];
        case 'LEDGATE_IDENTITY_ADDR':
        case 'LEDGATE_AUTHORIZER_ADDR':
          return [key, `127.0.0.1:${ports?.service ?? 0}`];
        default:
          return [key, this.#local(String(value))];
      }
    });
    return { ...plainEnvironment(), ...(Object.fromEntries(set) as Record<string, string>) };
  }
}

/** Ours without any setting of Ledgate. */
function plainEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || /^(LEDGATE|KAFKA)_/.test(name) ? [] : [[name, value]],
    ),
  );
}
