import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import { decodeRecord } from '#libs/ledger/record.js';
import {
  buildCli,
  runCli,
  startDevProcess,
  type DevProcess,
  type Ran,
} from '../support/ledgate/built-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'ledgate-failures-'));
const dataDir = join(folder, 'data');
let dev: DevProcess;

beforeAll(async () => {
  buildCli();
  dev = await startDevProcess(dataDir);
});

afterAll(async () => {
  await dev.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ledgate = (line: string, env: Record<string, string> = {}): Promise<Ran> =>
  runCli(['--data', dataDir, ...line.split(' ')], { env });

describe('exit codes', () => {
  it.each([
    [0, '--help', 'Exit codes'],
    [0, 'grant add --help', '--expires'],
    [0, 'check orders:read projects/acme --who alice', 'ALLOW'],
    [1, 'check orders:read projects/globex --who alice', 'DENY'],
    [1, 'check orders:unknown projects/acme --who alice', 'UNKNOWN_PERMISSION'],
    [1, `whoami lgk_${'a'.repeat(43)}_000000`, 'false'],
    [2, 'nonsense', "unknown command 'nonsense'"],
    [2, 'user', 'Usage: ledgate user'],
    [2, 'check', "missing required argument 'action'"],
    [2, 'user list --colour', "unknown option '--colour'"],
    [2, 'key create alice', "required option '--name <name>'"],
    [2, 'key create alice --name x --expires soon', '2026-12-31T12:00:00Z'],
    [2, 'tail --from -1', 'whole number'],
    [1, 'check orders:read projects/../acme --who alice', 'RESOURCE_INVALID'],
    [2, 'role create Clerk --permissions orders:read', 'name'],
    [2, 'role change clerk', 'say what to add'],
    [2, '--data /nowhere verify', 'there is no ledger in /nowhere'],
    [3, '--credential nonsense user list', 'ledgate whoami'],
    [3, 'tenant list', 'may not do this'],
    [4, 'user show nobody', 'no such principal'],
    [4, 'user create alice', 'taken'],
    [5, '--identity 127.0.0.1:1 user list', 'cannot connect: ECONNREFUSED 127.0.0.1:1'],
    [2, '--identity nowhere.invalid:7401 user list', '--ca'],
  ])('%i: ledgate %s', async (code, line, text) => {
    const ran = await ledgate(line);
    expect([ran.code, ran.stdout + ran.stderr]).toEqual([code, expect.stringContaining(text)]);
  });

  it('goes to standard error what is not an answer', async () => {
    const { stdout, stderr } = await ledgate('user show nobody --json');
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^ledgate: /);
  });

  it('refuses an empty password, and one on the command line', async () => {
    const empty = await ledgate('user set-password alice');
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining('pipe it in')]);
    expect((await ledgate('user set-password alice secret')).code).toBe(2);
  });

  it('refuses a start under a misspelt setting, and one that cannot listen', async () => {
    const misspelt = await ledgate('up authorizer', { LEDGATE_AUDIENC: 'x' });
    expect(misspelt.code).toBe(2);
    expect(misspelt.stderr).toContain('did you mean LEDGATE_AUDIENCE?');
    const other = join(folder, 'other');
    const taken = await runCli(['--data', other, 'dev'], {
      env: { LEDGATE_IDENTITY_ADDR: '127.0.0.1:0', LEDGATE_AUTHORIZER_ADDR: dev.authorizer },
    });
    expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('running already?')]);
    const twice = await ledgate('dev');
    expect([twice.code, twice.stderr]).toEqual([
      2,
      expect.stringContaining('is in use by process'),
    ]);
  });

  it('names a broken profile', async () => {
    writeFileSync(join(folder, 'ledgate.json'), '{ "credential": 7 }');
    const ran = await runCli(['--data', folder, 'user', 'list']);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('is no profile')]);
  });
});

describe('planted faults', () => {
  /** A copy of the ledger as it is now, with the key. */
  function copied(name: string): string {
    const copy = join(folder, name);
    for (const part of ['ledger', 'keys']) {
      cpSync(join(dataDir, part), join(copy, part), { recursive: true });
    }
    return copy;
  }

  async function verify(data: string, env: Record<string, string> = {}) {
    const ran = await runCli(['--data', data, 'verify', '--json'], { env });
    const result = JSON.parse(ran.stdout) as {
      position: number;
      chain: string;
      void: Record<string, number>;
      findings: string[];
    };
    return { code: ran.code, ...result };
  }

  it('verify finds a record that somebody without the ledger key wrote', async () => {
    const copy = copied('forged');
    const sound = await verify(copy);
    expect(sound).toMatchObject({ code: 0, findings: [], void: {} });
    const log = openEmbeddedLog({ path: join(copy, 'ledger'), name: 'auth.ledger.v1' });
    const true1 = (await log.read(1))?.value ?? new Uint8Array(0);
    const forged = Buffer.from(true1);
    forged.set(randomBytes(16), forged.length - 16);
    expect(decodeRecord(forged)).toBeTypeOf('object');
    const position = await log.append([forged]);
    await log.close();
    const found = await verify(copy);
    expect(found).toMatchObject({ code: 1, position, void: { mac: 1 } });
    expect(found.findings).toEqual([
      `position ${position}: written without the ledger key (it is void)`,
    ]);
    expect(found.chain).not.toBe(sound.chain);
    const tail = await runCli(['--data', copy, 'tail', '--once', '--from', String(position)]);
    expect(tail.stdout).toContain('VOID (mac)');
  });

  it('verify and doctor tell the wrong ledger key, and verify does not go on about it', async () => {
    const env = { LEDGATE_LEDGER_KEY: randomBytes(32).toString('hex') };
    const found = await verify(dataDir, env);
    expect(found.code).toBe(1);
    expect(found.findings.length).toBeLessThan(25);
    const doctor = await ledgate('doctor --json', env);
    expect(doctor.code).toBe(1);
    expect(JSON.parse(doctor.stdout)).toContainEqual(
      expect.objectContaining({
        check: 'ledger key',
        ok: 'LOOK',
        result: 'the ledger key is another one: set LEDGATE_LEDGER_KEY',
      }),
    );
  });

  it('verify prints the same chain of a copy written back record by record, under its name only', async () => {
    const source = join(copied('source'), 'ledger');
    const restored = join(folder, 'restored');
    cpSync(join(dataDir, 'keys'), join(restored, 'keys'), { recursive: true });
    for (const [from, to] of [
      ['auth.ledger.v1', 'auth.ledger.v1'],
      ['auth.session.v1', 'auth.session.v1'],
      ['auth.ledger.v1', 'other.ledger.v1'],
    ] as const) {
      const log = openEmbeddedLog({ path: source, name: from });
      const copy = openEmbeddedLog({ path: join(restored, 'ledger'), name: to });
      for (let position = 0; position < (await log.end()); position++) {
        await copy.append([(await log.read(position))?.value ?? new Uint8Array(0)]);
      }
      await copy.close();
      await log.close();
    }
    const original = await verify(join(folder, 'source'));
    expect(await verify(restored)).toEqual(original);
    const renamed = await verify(restored, { LEDGATE_TOPIC_PREFIX: 'other' });
    expect(renamed).toMatchObject({ code: 1, void: { mac: original.position + 1 } });
  });

  it('doctor tells what does not run', async () => {
    const ran = await ledgate('--identity 127.0.0.1:1 --authorizer 127.0.0.1:1 doctor --json');
    const wrong = (JSON.parse(ran.stdout) as { check: string; ok: string }[]).filter(
      ({ ok }) => ok !== 'ok',
    );
    expect(wrong.map(({ check }) => check)).toEqual(['identity', 'authorizer']);
  });

  it('nothing is made by looking', async () => {
    const nowhere = join(folder, 'nowhere');
    for (const command of ['verify', 'tail --once', 'doctor']) {
      const ran = await runCli(['--data', nowhere, ...command.split(' ')]);
      expect(ran.code).toBe(2);
    }
    expect(existsSync(nowhere)).toBe(false);
  });
});
