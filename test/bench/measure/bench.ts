import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoader, type Loader } from '../load/start-loader.js';
import { spawnPinned, type Core, type PinnedProcess } from '../load/spawn-pinned.js';
import { kafkaSource } from '../../support/kafka/kafka-source.js';
import { startBroker } from '../../support/kafka/start-broker.js';
import type { Greeting, SeededLedger } from '../servers/greeting.js';
import type { Pace } from './side-by-side.js';

/** A row that cannot be measured here; the message says why. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}

/** What the rows share: how long to measure, and servers that are started when a row needs them. */
export class Bench {
  readonly short: boolean;
  readonly pace: Pace;
  readonly principals = 100_000;
  readonly #started: PinnedProcess[] = [];
  readonly #folders: string[] = [];
  readonly #churned = new Map<number, Promise<string>>();
  #seeded: Promise<{ folder: string; seeded: SeededLedger }> | undefined;
  #broker: ReturnType<typeof startBroker> | undefined;
  #loader: Promise<Loader> | undefined;
  #echo: Promise<PinnedProcess> | undefined;
  #authorizer: Promise<PinnedProcess> | undefined;

  constructor(short: boolean) {
    this.short = short;
    this.pace = short
      ? { runs: 5, runMs: 600, warmupMs: 200 }
      : { runs: 11, runMs: 1_500, warmupMs: 300 };
  }

  /** Tokens of one run in which none is asked twice: more than any core verifies in 600 ms. */
  readonly freshTokensPerRun = 9_600;

  /** Tokens that are made with the ledger: a thousand to ask again and again, and fresh ones. */
  get tokens(): number {
    return 1_000 + this.pace.runs * this.freshTokensPerRun;
  }

  loader(): Promise<Loader> {
    this.#loader ??= startLoader();
    return this.#loader;
  }

  async echo(): Promise<{ server: PinnedProcess; port: number }> {
    this.#echo ??= this.#start('test/bench/servers/echo-server.ts', []);
    const server = await this.#echo;
    return { server, port: (server.greeting as Greeting).port };
  }

  /** An authorizer over a ledger of 100k principals, and what the ledger knows beside them. */
  async authorizer(): Promise<{ server: PinnedProcess; port: number; seeded: SeededLedger }> {
    this.#seeded ??= this.#seed(this.principals, this.tokens);
    const { folder, seeded } = await this.#seeded;
    this.#authorizer ??= this.#start('test/bench/servers/authorizer-server.ts', [folder]);
    const server = await this.#authorizer;
    return { server, port: (server.greeting as Greeting).port, seeded };
  }

  /** The folder of a ledger of 70k records, each as one command writes it. */
  async smallLedger(): Promise<string> {
    return (await this.#seed(13_900, 0)).folder;
  }

  /** The data folder of a cell whose ledger has so many records, of which hardly anything lives. */
  churnedLedger(records: number): Promise<string> {
    const known = this.#churned.get(records);
    if (known !== undefined) return known;
    const folder = mkdtempSync(join(tmpdir(), 'ledgate-bench-churn-'));
    this.#folders.push(folder);
    const args = [folder, String(records)];
    const seeded = spawnPinned('test/bench/servers/seed-churn.ts', 'last', args, 'built').then(
      async (seeding) => {
        await seeding.stop();
        return folder;
      },
    );
    this.#churned.set(records, seeded);
    return seeded;
  }

  /** Identity, with an authorizer or without, on a new ledger; whoever asked for it stops it. */
  async cell(args: readonly string[], core: Core = 'first'): Promise<PinnedProcess> {
    return spawnPinned('test/bench/servers/cell-server.ts', core, args, 'built');
  }

  /** Identity and two authorizers on a new ledger; whoever asked for it stops it. */
  async revocationCell(brokers: string): Promise<PinnedProcess> {
    return spawnPinned('test/bench/servers/revocation-cell.ts', 'first', [brokers], 'built');
  }

  /** `''` for the embedded log, else the brokers, comma separated; throws `CannotRun` without any. */
  async brokersFor(where: 'embedded' | 'kafka'): Promise<string> {
    if (where === 'embedded') return '';
    const source = await kafkaSource();
    if (source.kind === 'none') throw new CannotRun(source.why);
    this.#broker ??= startBroker();
    return (await this.#broker).bootstrap.join(',');
  }

  async close(): Promise<void> {
    for (const server of this.#started) await server.stop();
    await (await this.#loader)?.stop();
    await (await this.#broker)?.stop();
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }

  async #seed(
    principals: number,
    tokens: number,
  ): Promise<{ folder: string; seeded: SeededLedger }> {
    const folder = mkdtempSync(join(tmpdir(), 'ledgate-bench-'));
    this.#folders.push(folder);
    const sizes = [String(principals), String(tokens)];
    const seeding = await spawnPinned('test/bench/servers/seed-ledger.ts', 'last', [
      folder,
      ...sizes,
    ]);
    await seeding.stop();
    const seeded = JSON.parse(readFileSync(join(folder, 'seeded.json'), 'utf8')) as SeededLedger;
    return { folder, seeded };
  }

  async #start(file: string, args: readonly string[]): Promise<PinnedProcess> {
    const server = await spawnPinned(file, 'first', args, 'built');
    this.#started.push(server);
    return server;
  }
}
