import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgram } from '#services/ledgate/program.js';
import { buildCli, runCli, startDevProcess, type DevProcess, type Ran } from './built-cli.js';
import { leaves, pathOf } from './render-commands.js';

/** A development installation, and the commands of some groups that are tried on it. */
export class CliGroups {
  readonly dev: DevProcess;
  readonly #folder: string;
  readonly #paths: readonly string[];
  readonly #tried = new Set<string>();

  private constructor(dev: DevProcess, folder: string, groups: readonly string[]) {
    this.dev = dev;
    this.#folder = folder;
    this.#paths = leaves(createProgram())
      .map(pathOf)
      .filter((path) => groups.includes(path.split(' ')[0] ?? ''));
  }

  static async start(...groups: readonly string[]): Promise<CliGroups> {
    buildCli();
    const folder = mkdtempSync(join(tmpdir(), 'ledgate-cli-'));
    return new CliGroups(await startDevProcess(join(folder, 'data')), folder, groups);
  }

  async stop(): Promise<void> {
    await this.dev.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** `ledgate …` as the demo tenant's administrator; blanks separate words. */
  run(line: string, input = ''): Promise<Ran> {
    const found = this.#paths.find((path) => `${line} `.startsWith(`${path} `));
    if (found !== undefined) this.#tried.add(found);
    return runCli(['--data', join(this.#folder, 'data'), ...line.split(' ')], { input });
  }

  /** The JSON document that a command prints. Throws unless the command ends with `code`. */
  async json<T = Record<string, unknown>>(
    line: string,
    { code = 0, input = '' }: { readonly code?: number; readonly input?: string } = {},
  ): Promise<T> {
    const ran = await this.run(`${line} --json`, input);
    if (ran.code === code) return JSON.parse(ran.stdout) as T;
    throw new Error(`ledgate ${line} ended with ${ran.code}\n${ran.stdout}${ran.stderr}`);
  }

  /** Commands of the groups that were not run. */
  get untried(): readonly string[] {
    return this.#paths.filter((path) => !this.#tried.has(path));
  }
}
