import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildCli,
  runCli,
  startDevProcess,
  type DevProcess,
  type Ran,
} from '../support/ledgate/built-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'ledgate-past-'));
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

/** `ledgate …` as the demo tenant's administrator; blanks separate words. */
function ledgate(line: string): Promise<Ran> {
  return runCli(['--data', dataDir, ...line.split(' ')]);
}

/** The JSON document that a command prints; fails unless it ends with `code`. */
async function json<T = Record<string, unknown>>(
  line: string,
  { code = 0 }: { readonly code?: number } = {},
): Promise<T> {
  const ran = await ledgate(`${line} --json`);
  expect(ran.code, `ledgate ${line}\n${ran.stdout}${ran.stderr}`).toBe(code);
  return JSON.parse(ran.stdout) as T;
}

interface Made {
  readonly position: number;
}

describe('the past', () => {
  it('is asked by position and by time, with the exit codes of check', async () => {
    const question = 'orders:write projects/old/orders/1 --who pat';
    await json('user create pat');
    const permission = await json<Made>('permission define orders:write --type order');
    await json('role create writer --permissions orders:write');
    const given = await json<Made>('grant add pat writer --on projects/old --reason hired');
    const [grant] = await json<{ grantId: string }[]>('grant list pat');
    const taken = await json<Made>(`grant revoke ${grant?.grantId} --reason left`);
    const { position } = given;
    expect(await json(`at ${position} check ${question}`)).toMatchObject({
      decision: 'ALLOW',
      reason: 'ALLOWED',
      position,
    });
    expect(await json(`at ${taken.position} check ${question}`, { code: 1 })).toMatchObject({
      reason: 'NO_GRANT',
    });
    expect(await json(`at ${permission.position} check ${question}`, { code: 1 })).toMatchObject({
      decision: 'DENY',
    });
    expect(await json(`at -1d check ${question}`, { code: 1 })).toMatchObject({
      reason: 'TENANT_UNKNOWN',
      position: -1,
    });
    const explained = await json<{ paths: { grantId: string }[] }>(
      `at ${position} explain ${question}`,
    );
    expect(explained.paths.map(({ grantId }) => grantId)).toEqual([grant?.grantId]);
    const what = await json<{ permissions: object[] }>(`at ${position} what-can pat`);
    expect(what.permissions).toEqual([
      { permission: 'orders:write', resourcePrefixes: ['projects/old'] },
    ]);
    expect(await json('what-can pat', { code: 1 })).toMatchObject({ permissions: [] });
    const who = await json<{ principals: { ways: { roleName: string }[] }[] }>(
      `at ${position} who-can orders:write projects/old`,
    );
    const roles = who.principals.flatMap(({ ways }) => ways.map(({ roleName }) => roleName));
    expect(roles.sort()).toEqual(['admin', 'writer']);
    expect(await json('who-can orders:nothing', { code: 1 })).toMatchObject({
      reason: 'UNKNOWN_PERMISSION',
    });
    const diff = `diff ${position} ${taken.position} --who pat`;
    expect(await json(diff)).toMatchObject({
      changes: [{ kind: 'LOST', permission: 'orders:write', events: [{ reason: 'left' }] }],
    });
    const told = await json<{ reason: string }[]>(`history ${grant?.grantId}`);
    expect(told.map(({ reason }) => reason)).toEqual(['hired', 'left']);
    expect(await json('history role:writer')).toHaveLength(3);
  });

  it('is not asked in words that it does not have', async () => {
    const refused = [
      ['at 2h what-can pat', 'a time ago such as -2h'],
      ['at 9999999 what-can pat', 'the ledger ends at'],
      ['at 2999-01-01T00:00:00Z what-can pat', 'of the past'],
      ['at 1 guess pat', 'Allowed choices are check'],
      ['at 1 check orders:write', 'give --who'],
      ['at -1s what-can --everything', 'unknown option --everything'],
      ['diff 5 4', 'lies after'],
    ] as const;
    for (const [line, why] of refused) {
      const { code, stderr } = await ledgate(line);
      expect([line, code, stderr]).toEqual([line, 2, expect.stringContaining(why)]);
    }
  });
});
