import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  buildCli,
  runCli,
  startDevProcess,
  type DevProcess,
} from '../support/ledgate/built-cli.js';

let folder: string;
let dataDir: string;
let dev: DevProcess;
let system: string;

beforeAll(async () => {
  buildCli();
  folder = mkdtempSync(join(tmpdir(), 'ledgate-cli-s-'));
  dataDir = join(folder, 'data');
  dev = await startDevProcess(dataDir);
  system = readFileSync(join(dataDir, 'bootstrap-api-key'), 'utf8').trim();
});
afterAll(async () => {
  await dev.stop();
  rmSync(folder, { recursive: true, force: true });
});

const run = (line: string, data = dataDir) => runCli(['--data', data, ...line.split(' ')]);

async function json(line: string): Promise<Record<string, unknown>> {
  const ran = await run(`${line} --json`);
  if (ran.code !== 0) throw new Error(`${line}: ${ran.stdout}${ran.stderr}`);
  return JSON.parse(ran.stdout) as Record<string, unknown>;
}

it('ledger S is shown, verified, signed, exported and imported', async () => {
  const as = `--credential ${system}`;
  const both = await run('verify');
  expect(both.stdout).toContain('ledger S, sessions:');
  expect(await json('verify --ledger S')).toMatchObject({ findings: [], void: {} });
  expect(await json('verify')).toMatchObject({ findings: [], sessions: { findings: [] } });
  expect((await run('tail --once --ledger S')).stdout).toContain('GENESIS');
  expect((await run('verify --ledger X')).stderr).toContain('L (state) or S (sessions)');

  const written = await json(`checkpoint write --ledger S ${as}`);
  const signed = await json(`checkpoint sign --ledger S ${as}`);
  expect(signed['position']).toBe(written['position']);
  expect(await json(`history 01890a5d-ac96-774b-bcce-b302099a8057 --ledger S`)).toEqual([]);
  expect((await run('tail --public --ledger S --from beginning --once')).code).toBe(0);

  const file = join(folder, 'sessions.lgx');
  const made = await json(`ledger export ${file} --ledger S ${as}`);
  const proved = await json(`verify ${file} --audit-key ${String(made['auditPublicKey'])}`);
  expect(proved).toMatchObject({ findings: [], pinned: true, ledger: 'auth.session.v1' });
  const withVault = await run(`ledger export ${folder}/no --ledger S --vault ${as}`);
  expect(withVault.stderr).toContain('leave out --vault');

  const built = join(folder, 'built');
  const position = Number((await json(`state rebuild --ledger S --out ${built}`))['position']);
  expect(position).toBeGreaterThanOrEqual(Number(written['position']));
  expect(await json(`state diff ${built} --ledger S`)).toEqual([]);
  expect(await json('state diff --ledger S')).toEqual([]);

  const copy = join(folder, 'copy');
  cpSync(join(dataDir, 'keys'), join(copy, 'keys'), { recursive: true });
  expect((await run(`ledger import ${file}`, copy)).stderr).toContain('the file is of ledger S');
  expect((await run(`ledger import ${file} --ledger S`, copy)).code).toBe(0);
  const imported = await run('verify --ledger S --json', copy);
  expect(JSON.parse(imported.stdout)).toMatchObject({
    findings: [],
    position: proved['position'],
    chain: proved['chain'],
  });
});
