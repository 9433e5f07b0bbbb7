import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '#services/ledgate/program.js';
import {
  buildCli,
  runCli,
  startDevProcess,
  type DevProcess,
  type Ran,
} from '../support/ledgate/built-cli.js';
import { leaves, pathOf } from '../support/ledgate/render-commands.js';

/** Run by cli-past.test.ts. */
const past = ['at', 'who-can', 'what-can', 'diff', 'history'];
/** Run by test files of their own (cli-*.test.ts). */
const groups =
  /^(client|certificate|consent|factor|login|outbox|reset|rules|scope|session|sign-up|step-up|upstream|token (refresh|introspect|revoke))\b/;
/** Needs brokers: run by test/e2e/kafka/cli.test.ts. */
const onKafka = ['events rebuild'];
const folder = mkdtempSync(join(tmpdir(), 'ledgate-cli-'));
const dataDir = join(folder, 'data');
const password = 'correct horse battery staple';
/** Run by test/e2e/docs-commands.test.ts (docs/operations.md) and by every test here. */
const elsewhere = ['dev', 'up identity', 'up authorizer', 'init', 'dev-certs', ...past, ...onKafka];
const paths = leaves(createProgram()).map(pathOf);
const tried = new Set<string>();
let dev: DevProcess;
let system = '';

beforeAll(async () => {
  buildCli();
  dev = await startDevProcess(dataDir, {
    LEDGATE_DECISION_LOG: `file:${join(folder, 'decisions.jsonl')}`,
    LEDGATE_DECISION_LOG_SAMPLE: '1',
  });
  system = readFileSync(join(dataDir, 'bootstrap-api-key'), 'utf8').trim();
});

afterAll(async () => {
  await dev.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** `ledgate …` as the demo tenant's administrator; blanks separate words. */
function ledgate(line: string, input?: string): Promise<Ran> {
  const words = line.split(' ').filter((word) => !word.startsWith('-'));
  const found = paths.find((path) => words.join(' ').startsWith(path));
  if (found !== undefined) tried.add(found);
  const args = ['--data', dataDir, ...line.split(' ')];
  return runCli(args, input === undefined ? {} : { input });
}

/** The JSON document that a command prints; fails unless it ends with `code`. */
async function json<T = Record<string, unknown>>(
  line: string,
  { code = 0, input }: { readonly code?: number; readonly input?: string } = {},
): Promise<T> {
  const ran = await ledgate(`${line} --json`, input);
  expect(ran.code, `ledgate ${line}\n${ran.stdout}${ran.stderr}`).toBe(code);
  return JSON.parse(ran.stdout) as T;
}

interface Made {
  readonly position: number;
  readonly consistencyToken: string;
}

describe('administration of a tenant', () => {
  it('users, passwords and login names', async () => {
    const made = await json<Made & { principalId: string }>(
      'user create bob --email bob@example.org --name Bob --password-stdin --must-change',
      { input: `${password}\n` },
    );
    expect(made.position).toBeGreaterThan(0);
    await json('user add-login bob bobby');
    await json('user remove-login bob bobby');
    await json('user rename bob --name Robert --locale en');
    await json('user suspend bob --until 7d');
    const shown = await json('user show bob@example.org');
    expect(shown).toMatchObject({
      principalId: made.principalId,
      status: 'SUSPENDED',
      name: 'Robert',
    });
    await json('user resume bob');
    await json('user set-password bob', { input: `${password}, again\n` });
    const login = await json<{ accessToken: string }>('token login demo bob', {
      input: `${password}, again\n`,
    });
    expect((await json('whoami ' + login.accessToken))['principalId']).toBe(made.principalId);
    const both = `${password}, again\n${password}, at last\n`;
    await json('password bob --tenant demo', { input: both });
    // What was issued under the old password is dead.
    expect(await json('whoami ' + login.accessToken, { code: 1 })).toMatchObject({
      authenticated: false,
    });
    await json('user remove-password bob');
    await json('user delete bob');
    expect((await ledgate(`erase alice`)).code).toBe(4);
    expect(await json(`erase ${made.principalId} --status`)).toMatchObject({ erasure: 'none' });
    const erased = await json(`erase ${made.principalId}`);
    expect(erased).toMatchObject({ principalId: made.principalId, erasure: 'erased' });
    expect(await json(`erase ${made.principalId} --status`)).toMatchObject({ erasure: 'erased' });
    const left = await json<{ logins: string[] }[]>('user list');
    expect(left.flatMap(({ logins }) => logins).sort()).toEqual(['admin', 'alice', 'shop']);
  });

  it('permissions, roles, groups and grants, as check sees them', async () => {
    await json('permission define invoices:read --description Read --type invoice');
    await json('permission change invoices:read --sensitive --max-staleness 5s');
    const permissions = await json<{ name: string; risk: string }[]>('permission list');
    expect(permissions.find(({ name }) => name === 'invoices:read')?.risk).toBe('SENSITIVE');
    await json('role create auditor --permissions invoices:read');
    await json('role change auditor --add orders:read --add-parents clerk');
    await json('role change auditor --remove orders:read --remove-parents clerk');
    await json('role rename auditor reviewer');
    expect((await json<{ name: string }[]>('role list')).map(({ name }) => name)).toContain(
      'reviewer',
    );
    await json('user create erin --service');
    await json('group create reviewers');
    await json('group add reviewers erin');
    const granted = await json<Made & { grantId: string }>(
      'grant add reviewers reviewer --group --on shops/1 --expires 30d --ticket T-1',
    );
    const question = 'invoices:read shops/1/invoices/4 --who erin';
    const asked = await json(`check ${question} --fresh ${granted.consistencyToken}`);
    expect(asked['decision']).toBe('ALLOW');
    expect(await json('permissions shops/1 --who erin')).toEqual([
      { permission: 'invoices:read', on: ['shops/1'] },
    ]);
    expect(await json('group list')).toHaveLength(1);
    expect(await json('group members reviewers')).toHaveLength(1);
    await json(`grant change ${granted.grantId} --expires 2099-01-01T00:00:00Z`);
    expect(await json('grant list reviewers --group')).toMatchObject([
      { on: 'shops/1', ticket: 'T-1' },
    ]);
    const gone = await json<Made>(`grant revoke ${granted.grantId} --reason audit`);
    const after = `--fresh ${gone.consistencyToken}`;
    expect(await json(`check ${question} ${after}`, { code: 1 })).toMatchObject({
      decision: 'DENY',
    });
    expect(await json(`explain ${question} --full`, { code: 1 })).toMatchObject({
      decision: 'DENY',
    });
    await json('group remove reviewers erin');
    await json('group delete reviewers');
    await json('role delete reviewer');
    await json('permission retire invoices:read');
  });

  it('API keys, tokens and what revokes them', async () => {
    const key = await json<{ credentialId: string; apiKey: string }>(
      'key create alice --name laptop --scopes orders:* --resource projects/acme --expires 90d',
    );
    const who = `whoami ${key.apiKey}`;
    expect(await json(who)).toMatchObject({ authenticated: true, roles: ['clerk'] });
    await json(`key rename ${key.credentialId} desktop`);
    await json(`key block ${key.credentialId}`);
    await expect.poll(async () => (await ledgate(who)).code).toBe(1);
    await json(`key unblock ${key.credentialId}`);
    await expect.poll(async () => (await ledgate(who)).code).toBe(0);
    const next = await json<{ credentialId: string; apiKey: string }>(
      `key rotate ${key.credentialId} --overlap 1h`,
    );
    await json(`revoke key ${key.credentialId}`);
    await expect.poll(async () => (await ledgate(who)).code).toBe(1);
    await json(`key revoke ${next.credentialId}`);
    const keys = await json<{ status: string }[]>('key list alice');
    expect(keys.map(({ status }) => status).sort()).toContain('ACTIVE');

    const issued = await json<{ accessToken: string }>(
      `token issue --ttl 5m --credential ${dev.backendKey}`,
    );
    expect((await ledgate(`whoami ${issued.accessToken}`)).code).toBe(0);
    await json('revoke tokens shop');
    await expect.poll(async () => (await ledgate(`whoami ${issued.accessToken}`)).code).toBe(1);

    const { grantId } = await json<{ grantId: string }>(
      'grant add alice clerk --on projects/initech',
    );
    await json(`revoke grant ${grantId}`);
    expect(await json<{ keys: unknown[] }>('token jwks')).toMatchObject({ keys: [{ kty: 'OKP' }] });
    await json('tenant settings --access-token-ttl 5m --password-min-length 16');
    expect(await json('tenant show')).toMatchObject({ slug: 'demo' });
  });
});

describe('administration of the cell', () => {
  it('tenants and signing keys, as the system tenant', async () => {
    const as = `--credential ${system}`;
    const { tenantId } = await json<{ tenantId: string }>(
      `tenant create shortlived --name Short --admin root --password-min-length 20 ${as}`,
      { input: `${password}\n` },
    );
    const slugs = (await json<{ slug: string }[]>(`tenant list ${as}`)).map(({ slug }) => slug);
    expect(slugs.sort()).toEqual(['demo', 'shortlived', 'system']);
    const root = await json<{ accessToken: string }>('token login shortlived root', {
      input: `${password}\n`,
    });
    await json(`revoke tokens --all --credential ${root.accessToken}`);
    await expect.poll(async () => (await ledgate(`whoami ${root.accessToken}`)).code).toBe(1);
    for (const verb of ['suspend', 'resume'])
      await json(`tenant ${verb} --tenant ${tenantId} ${as}`);
    await json(`tenant delete shortlived --tenant ${tenantId} ${as}`);

    const [first] = await json<{ kid: string }[]>(`signing-key list ${as}`);
    await json(`signing-key rotate --algorithm ES256 ${as}`);
    await json(`signing-key compromise ${first?.kid} ${as}`);
    const refused = await ledgate(`signing-key remove ${first?.kid} ${as}`);
    expect([0, 4]).toContain(refused.code);
    expect(await json(`doctor ${as}`)).toContainEqual(
      expect.objectContaining({
        check: 'identity',
        ok: 'ok',
        result: expect.stringContaining('stale'),
      }),
    );
  });
});

describe('the ledger', () => {
  it('tail --once shows each record on a line, and ends', async () => {
    const ran = await ledgate('tail --once --json');
    expect(ran.code).toBe(0);
    const records = ran.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { position: number; kind: string; verdict: string });
    expect(records.map(({ position }) => position)).toEqual(records.map((_, i) => i));
    expect(records[0]).toMatchObject({ kind: 'GENESIS', verdict: 'accepted' });
    const people = await ledgate('tail --once --from 2');
    expect(people.stdout).toMatch(
      /^ +2 .* InitialiseSystem → TenantCreated, PermissionDefined ×\d+/,
    );
  });

  it('verify and doctor find nothing', async () => {
    expect(await json('verify')).toMatchObject({ findings: [], void: {} });
    const people = await ledgate('verify');
    expect(people.stdout).toMatch(/position +\d+/);
    const findings = await json<{ ok: string }[]>('doctor');
    expect(findings.filter(({ ok }) => ok !== 'ok')).toEqual([]);
  });
});

describe('operating the ledger', () => {
  it('checkpoints are written and signed for the system tenant alone', async () => {
    const as = `--credential ${system}`;
    const written = await json<{ position: string; about: string }>(`checkpoint write ${as}`);
    expect(Number(written.position)).toBeGreaterThan(Number(written.about));
    const signed = await json(`checkpoint sign --position ${written.about} ${as}`);
    expect(signed).toMatchObject({ position: written.about, statement: expect.any(String) });
    for (const line of ['write', 'sign']) {
      expect((await ledgate(`checkpoint ${line}`)).code).toBe(3);
    }
  });

  it('a new cell has the newest level, which is not raised further', async () => {
    const as = `--credential ${system}`;
    const { level, newest } = await json<{ level: number; newest: number }>(`level show ${as}`);
    expect(level).toBe(newest);
    expect((await ledgate(`level raise ${newest}`)).code).toBe(3);
    expect(await json(`level raise ${newest} ${as}`)).toEqual({ level: newest, position: '' });
    expect((await ledgate(`level raise ${newest + 1} ${as}`)).code).toBe(2);
  });

  it('a state that is built beside the one that serves does not differ from it', async () => {
    const out = join(folder, 'state-beside');
    const built = await json<{ position: number }>(`state rebuild --out ${out}`);
    expect(built.position).toBeGreaterThan(0);
    expect(await json(`state diff`)).toEqual([]);
  });
});

describe('the ledger in a file', () => {
  const file = join(folder, 'ledger.lgx');
  const restoring = { LEDGATE_ISSUER: 'https://restored.test', LEDGATE_AUDIENCE: 'orders' };
  let auditKey = '';

  it('is exported while it is served, and proved with the public key alone', async () => {
    const made = await json(`ledger export ${file} --vault --credential ${system}`);
    auditKey = String(made['auditPublicKey']);
    const proved = await json(`verify ${file} --audit-key ${auditKey}`);
    expect(proved).toMatchObject({ findings: [], pinned: true, position: made['position'] });
    expect((await ledgate(`verify ${file}`)).stdout).toContain('agrees with itself');
    expect((await ledgate(`verify ${file} --audit-key ${'A'.repeat(43)}`)).code).toBe(1);
    expect((await ledgate(`ledger export ${file} --credential ${system}`)).code).toBe(4);
    expect((await ledgate(`ledger export ${folder}/other`)).code).toBe(3);
  }, 60_000);

  it('is imported, moved and restored', async () => {
    const [copy, moved, back] = ['copy', 'moved', 'back'].map((name) => join(folder, name));
    const keys = (of: string): void =>
      cpSync(join(dataDir, 'keys'), join(of, 'keys'), { recursive: true });
    const at = (place: string, line: string): Promise<Ran> =>
      runCli(['--json', '--data', place, ...line.split(' ')], {
        env: { ...restoring, UV_THREADPOOL_SIZE: '8' },
      });
    for (const line of ['ledger import', 'ledger copy', 'ledger restore']) tried.add(line);
    const imported = await at(copy ?? '', `ledger import ${file} --audit-key ${auditKey}`);
    expect([imported.code, imported.stderr]).toEqual([0, '']);
    expect((await at(copy ?? '', 'verify')).code).toBe(2);
    keys(copy ?? '');
    expect((await at(copy ?? '', 'verify')).code).toBe(0);
    const copied = await at(copy ?? '', `ledger copy --to-data ${moved}`);
    expect([copied.code, copied.stderr]).toEqual([0, '']);
    const { position } = JSON.parse(imported.stdout) as { position: number };
    expect(JSON.parse(copied.stdout)).toMatchObject({ position, sealedAt: position + 1 });
    expect((await at(copy ?? '', 'ledger copy')).code).toBe(2);

    const keyless = await at(back ?? '', `ledger restore ${file}`);
    expect([keyless.code, keyless.stderr]).toEqual([2, expect.stringContaining('ledger.key')]);
    keys(back ?? '');
    const restored = await at(back ?? '', `ledger restore ${file} --audit-key ${auditKey}`);
    expect([restored.code, restored.stderr]).toEqual([0, '']);
    expect(JSON.parse(restored.stdout)).toMatchObject({ epoch: 2, position });
    expect(JSON.parse(restored.stdout)).toHaveProperty('apiKey');
    const again = await at(back ?? '', `ledger restore ${file}`);
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(JSON.parse(again.stdout)).not.toHaveProperty('apiKey');
    expect((await at(back ?? '', `ledger import ${file}`)).code).toBe(4);
  }, 60_000);
});

describe('evidence', () => {
  const file = join(folder, 'decisions.jsonl');

  it('a permission can be one that is only allowed where it is recorded', async () => {
    await json('permission define vault:open --audit');
    const listed = expect.objectContaining({ name: 'vault:open', audit: 'required' });
    expect(await json('permission list')).toContainEqual(listed);
    await json('permission change vault:open');
    expect(await json('permission list')).not.toContainEqual(listed);
  });

  it('every decision so far comes out the same when it is asked again', async () => {
    const again = await json(`replay-decisions ${file}`);
    expect(again).toMatchObject({ differ: 0, badLines: 0, missing: 0, unendedAuthorizers: 1 });
    expect(again['same']).toBeGreaterThanOrEqual(3);
    const people = await ledgate(`replay-decisions ${file}`);
    expect(people.stdout).toMatch(/same +\d+/);
  });

  it('a changed line is found, wherever it comes from', async () => {
    const changed = readFileSync(file, 'utf8').replace('"outcome":"DENY"', '"outcome":"ALLOW"');
    const ran = await runCli(['--data', dataDir, 'replay-decisions', '-'], { input: changed });
    expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining('recorded ALLOW')]);
    const cut = await runCli(['--data', dataDir, 'replay-decisions', '-'], {
      input: changed.slice(0, -20),
    });
    expect([cut.code, cut.stdout]).toEqual([1, expect.stringMatching(/line \d+: it is no JSON/)]);
    expect((await ledgate(`replay-decisions ${folder}/nothing`)).code).toBe(4);
  });

  it('audit tells who administers and writes a page', async () => {
    const out = join(folder, 'evidence');
    const report = await json(`audit --out ${out} --decisions ${file}`);
    expect(report).toMatchObject({
      findings: [],
      unusedGrants: { known: false, why: expect.stringContaining('covers 0 days') },
      brokers: { applicable: false },
      decisions: { differences: [] },
    });
    expect(report['admins']).toContainEqual(expect.objectContaining({ givenBy: 'the system' }));
    expect(JSON.parse(readFileSync(join(out, 'audit.json'), 'utf8'))).toMatchObject({
      proof: report['proof'],
    });
    expect(readFileSync(join(out, 'audit.html'), 'utf8')).toContain('<h1>Evidence report');
    expect((await ledgate('audit')).stdout).toContain('not known: no decision log was given');
  });
});

describe('the last resort', () => {
  it('kills every credential of the cell, and leaves whoever has a password a way in', async () => {
    const as = `--credential ${system}`;
    expect((await ledgate(`revoke tokens --cell ${as}`)).code).toBe(4);
    await json(`user set-password admin ${as}`, { input: `${password}, mine\n` });
    await json(`revoke tokens --cell ${as}`);
    expect((await ledgate(`tenant list ${as}`)).code).toBe(3);
    const { accessToken } = await json<{ accessToken: string }>('token login system admin', {
      input: `${password}, mine\n`,
    });
    expect(await json(`tenant list --credential ${accessToken}`)).toHaveLength(2);
  });
});

describe('what was tried', () => {
  it('is every command', () => {
    const left = paths.filter((path) => !groups.test(path));
    expect(left.filter((path) => !tried.has(path) && !elsewhere.includes(path))).toEqual([]);
  });
});
