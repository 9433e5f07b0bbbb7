import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import type { LogBatch } from '#libs/ledger/event-log.js';
import { take } from '../../contracts/event-log-contract.js';

const script = fileURLToPath(new URL('append-until-killed.ts', import.meta.url));

/** A writer in a process of its own, and the lines of what was acknowledged to it. */
class Writer {
  readonly acknowledged: string[] = [];
  readonly #child: ChildProcess;
  #rest = '';

  constructor(path: string, name: string) {
    const argv = ['--conditions=source', '--import', 'tsx', script, path, name];
    this.#child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (this.#rest + chunk.toString()).split('\n');
      this.#rest = lines.pop() as string;
      this.acknowledged.push(...lines);
    });
  }

  async started(): Promise<void> {
    await expect.poll(() => this.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(0);
  }

  /** SIGKILL: no handler runs, nothing is flushed by the process itself. */
  async kill(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}

/** Every batch that is in the log in whole, as `first size tag`; throws at one that is torn. */
async function batchesOf(path: string): Promise<Set<string>> {
  const log = openEmbeddedLog({ path, name: 'auth.ledger.v1' });
  const values = (await take(log, 0, await log.end())).map((r) => Buffer.from(r.value ?? []));
  await log.close();
  const batches = new Set<string>();
  for (let first = 0; first < values.length;) {
    const [tag, part] = (values[first] as Buffer).toString().split(' ') as [string, string];
    const size = Number(part.split('/')[1]);
    const batch = values.slice(first, first + size).map(String);
    expect(batch).toEqual(batch.map((_, i) => `${tag} ${i}/${size}`));
    expect(batch).toHaveLength(size);
    batches.add(`${first} ${size} ${tag}`);
    first += size;
  }
  return batches;
}

describe('embedded log, several processes', () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'ledgate-kill-'));
  });
  afterEach(() => rm(path, { recursive: true, force: true }));

  it('L1 L10 writers killed at random moments lose nothing and tear no batch', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const writers = [new Writer(path, `a${round}`), new Writer(path, `b${round}`)];
      for (const writer of writers) await writer.started();
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 250));
      for (const writer of writers) await writer.kill();
      acknowledged.push(...writers.flatMap((writer) => writer.acknowledged));
      const batches = await batchesOf(path);
      expect(acknowledged.filter((batch) => !batches.has(batch))).toEqual([]);
    }
    expect(acknowledged.length).toBeGreaterThan(100);
  });

  it('L3 a reader in another process follows a writer', async () => {
    const writer = new Writer(path, 'w');
    const log = openEmbeddedLog({ path, name: 'auth.ledger.v1' });
    const stop = new AbortController();
    let position = 0;
    let last: LogBatch | undefined;
    for await (const batch of log.tail(0, stop.signal)) {
      for (const record of batch.records) expect(record.position).toBe(position++);
      last = batch;
      if (position > 3_000) break;
    }
    await writer.kill();
    expect(last?.end).toBeGreaterThanOrEqual(position);
    expect(await log.end()).toBeGreaterThan(3_000);
    await log.close();
  });
});
