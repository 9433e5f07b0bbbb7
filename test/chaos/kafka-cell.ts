import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startControlledBroker } from '../support/kafka/start-broker.js';
import { freePorts } from '../support/net/free-ports.js';
import { Endpoint } from './endpoint.js';
import { noBrakes, ServiceProcess } from './service-process.js';

const run = promisify(execFile);
const main = fileURLToPath(new URL('../../services/ledgate/main.ts', import.meta.url));

/** One instance of a service: its process, and the address by which it is called. */
export class Instance {
  readonly process: ServiceProcess;
  readonly endpoint: Endpoint;

  constructor(process: ServiceProcess, endpoint: Endpoint) {
    this.process = process;
    this.endpoint = endpoint;
  }

  async start(): Promise<void> {
    await this.process.start();
    this.endpoint.renew();
  }

  /** Ends it in an orderly way and starts it anew from another source. */
  async upgradeTo(main: string): Promise<void> {
    await this.process.retire(main);
    await this.start();
  }

  async remove(): Promise<void> {
    this.endpoint.close();
    await this.process.remove();
  }
}

type Broker = Awaited<ReturnType<typeof startControlledBroker>>;

/** A whole cell on brokers of its own: founded by `ledgate init`, served by `ledgate up`. */
export class KafkaCell {
  readonly broker: Broker;
  readonly ledgerKey = randomBytes(32);
  readonly identities: Instance[] = [];
  readonly authorizers: Instance[] = [];
  /** API key of the first administrator of the system tenant. */
  root = '';
  #authorizerKey = '';
  readonly #folder = mkdtempSync(join(tmpdir(), 'ledgate-cell-'));
  readonly #masterKey = randomBytes(32).toString('hex');
  readonly #instances: Instance[] = [];

  readonly #main: string | undefined;

  private constructor(broker: Broker, main: string | undefined) {
    this.broker = broker;
    this.#main = main;
  }

  /** `source`: `main.ts` of the source that its services run; default: this one. */
  static async found(
    authorizerEnv: Readonly<Record<string, string>> = {},
    source?: string,
    identityEnv: Readonly<Record<string, string>> = {},
    brokers = 1,
  ): Promise<KafkaCell> {
    const cell = new KafkaCell(await startControlledBroker({ nodes: brokers }), source);
    try {
      await cell.init();
      for (let i = 0; i < 2; i += 1) cell.identities.push(await cell.openIdentity(identityEnv));
      for (let i = 0; i < 2; i += 1)
        cell.authorizers.push(await cell.openAuthorizer(authorizerEnv));
      const all = [...cell.identities, ...cell.authorizers];
      await Promise.all(all.map((instance) => instance.start()));
    } catch (error) {
      await cell.close();
      throw error;
    }
    return cell;
  }

  /** Another identity, with nothing on its disk; not started yet. */
  openIdentity(env: Readonly<Record<string, string>> = {}): Promise<Instance> {
    return this.#open('identity', (address, name) => ({
      ...this.#common(name),
      LEDGATE_MASTER_KEY: this.#masterKey,
      LEDGATE_IDENTITY_ADDR: address,
      ...noBrakes,
      ...env,
    }));
  }

  /** Another authorizer; not started yet. */
  openAuthorizer(env: Readonly<Record<string, string>> = {}): Promise<Instance> {
    return this.#open('authorizer', (address, name) => ({
      ...this.#common(name),
      LEDGATE_AUTHORIZER_ADDR: address,
      LEDGATE_IDENTITY_URL: this.identities[0]?.endpoint.address ?? '',
      LEDGATE_IDENTITY_CREDENTIAL: this.#authorizerKey,
      LEDGATE_REVOCATION_FEEDS: this.identities.map((one) => one.endpoint.address).join(','),
      ...env,
    }));
  }

  /** `ledgate init`: founds the cell on an empty ledger. */
  async init(): Promise<void> {
    const out = join(this.#folder, 'keys');
    const env = {
      PATH: process.env['PATH'] ?? '',
      ...this.#common('init'),
      LEDGATE_MASTER_KEY: this.#masterKey,
    };
    const source = this.#main ?? main;
    const argv = ['--conditions=source', '--import', 'tsx', source, 'init', '--out', out];
    await run(process.execPath, argv, { env });
    const read = (file: string): string => readFileSync(join(out, file), 'utf8').trim();
    this.root = read('bootstrap-api-key');
    this.#authorizerKey = read('authorizer-api-key');
  }

  async close(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.remove()));
    await this.broker.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #open(
    kind: 'identity' | 'authorizer',
    envOf: (address: string, name: string) => Record<string, string>,
  ): Promise<Instance> {
    const address = `127.0.0.1:${(await freePorts(1))[0]}`;
    const env = envOf(address, `${kind}-${this.#instances.length}`);
    const options = { args: ['up', kind], env, serves: `${kind} serves`, main: this.#main };
    const instance = new Instance(new ServiceProcess(options), new Endpoint(address));
    this.#instances.push(instance);
    return instance;
  }

  #common(name: string): Record<string, string> {
    return {
      LEDGATE_LOG: 'kafka',
      LEDGATE_KAFKA_BROKERS: this.broker.direct.join(','),
      LEDGATE_DATA_DIR: join(this.#folder, name),
      LEDGATE_LEDGER_KEY: this.ledgerKey.toString('hex'),
      LEDGATE_ISSUER: 'https://ledgate.test',
      LEDGATE_AUDIENCE: 'https://api.ledgate.test',
    };
  }
}
