import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATE_VERSION } from '#services/identity/adapters/lmdb-state.js';
import { buildCli, cleanEnvironment, repository } from '../support/ledgate/built-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'ledgate-start-'));
const readyWithinMs = 20_000;

beforeAll(() => buildCli());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Started {
  readonly npm: ChildProcess;
  readonly tookMs: number;
  /** Everything it said so far. */
  readonly said: () => string;
}

/** `npm start`, with a data folder and ports of the test's own. */
async function npmStart(): Promise<Started> {
  const env = { LEDGATE_IDENTITY_ADDR: '127.0.0.1:0', LEDGATE_AUTHORIZER_ADDR: '127.0.0.1:0' };
  const startedAt = performance.now();
  const npm = spawn('npm', ['start', '--', '--data', join(folder, 'data')], {
    cwd: repository,
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: unknown): void => {
      said += String(chunk);
      if (said.includes('Ledgate serves')) resolve();
    };
    npm.stdout.on('data', hear);
    npm.stderr.on('data', hear);
    npm.once('exit', (code) => reject(new Error(`npm ended with ${String(code)}: ${said}`)));
  });
  return { npm, tookMs: performance.now() - startedAt, said: () => said };
}

/** Ends npm as a supervisor does; resolves once nobody holds its output any more. */
async function end({ npm }: Started): Promise<void> {
  const closed = once(npm, 'close');
  npm.kill('SIGTERM');
  await closed;
}

function isListening(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function addressOf({ said }: Started): string {
  return /identity (\S+), authorizer/.exec(said())?.[1] ?? '';
}

describe('npm start', () => {
  it('serves in time, says what to try next, and ends whole when npm is told to end', async () => {
    const first = await npmStart();
    expect(first.tookMs).toBeLessThan(readyWithinMs);
    await expect.poll(first.said).toContain('Try next');
    const key = /alice's API key +(lgk_\S+)/.exec(first.said())?.[1] ?? '';
    expect(key.length).toBeGreaterThan(40);
    expect(await isListening(addressOf(first))).toBe(true);
    await end(first);
    expect(await isListening(addressOf(first))).toBe(false);

    // The second start finds what the first one left, and shows no key again.
    const second = await npmStart();
    expect(second.tookMs).toBeLessThan(readyWithinMs);
    await expect.poll(second.said).toContain('key create alice');
    expect(second.said()).not.toContain('lgk_');
    await end(second);
    expect(await isListening(addressOf(second))).toBe(false);
    // A folder that was not closed would not be trusted after a crash of the machine.
    const mark = `v${STATE_VERSION}.mark`;
    expect(readFileSync(join(folder, 'data', 'identity-state', mark), 'utf8')).toBe('closed');
  });
});

describe('npx ledgate', () => {
  it('is the command line, in the folder of the clone', async () => {
    const npx = spawn('npx', ['ledgate', '--version'], {
      cwd: repository,
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    npx.stdout.on('data', (chunk) => (said += String(chunk)));
    const [code] = (await once(npx, 'close')) as [number | null];
    expect([code, said.trim()]).toEqual([0, '0.1.0']);
  });
});
