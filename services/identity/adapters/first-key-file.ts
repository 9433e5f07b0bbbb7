import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FirstKey } from '#services/identity/ports/first-key.js';

/** In the data folder, under another name until the ledger has it. */
export class FirstKeyFile implements FirstKey {
  readonly path: string;
  readonly #dataDir: string;
  readonly #pending: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.path = join(dataDir, 'bootstrap-api-key');
    this.#pending = `${this.path}.pending`;
  }

  pending(): string | undefined {
    try {
      const text = readFileSync(this.#pending, 'utf8').trim();
      return text === '' ? undefined : text;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  keep(apiKey: string): void {
    mkdirSync(this.#dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(this.#pending, `${apiKey}\n`, { mode: 0o600, flush: true });
  }

  confirm(): void {
    renameSync(this.#pending, this.path);
  }

  discard(): void {
    rmSync(this.#pending, { force: true });
  }
}
