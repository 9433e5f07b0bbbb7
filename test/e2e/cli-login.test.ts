import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CliGroups } from '../support/ledgate/cli-groups.js';

const password = 'seven slow harbours';
const newPassword = 'eight slow harbours';
const folder = mkdtempSync(join(tmpdir(), 'ledgate-login-'));
let cli: CliGroups;

beforeAll(async () => {
  cli = await CliGroups.start('login', 'step-up', 'factor', 'reset', 'sign-up', 'outbox');
});
afterAll(async () => {
  await cli.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Of the present step, or of one beside it: no test waits for the next. */
const code = (seed: string, steps = 0) =>
  generateSync({ secret: seed, epoch: Math.floor(Date.now() / 1000) + 30 * steps });

interface Login {
  readonly sessionToken: string;
  readonly acr: string;
  readonly deviceToken: string;
}

function tokenOfLink(address: string, kind: string): Promise<string> {
  return sentTo(address, kind, /\?token=([\w-]+)/u);
}

function sentTo(address: string, kind: string, what: RegExp): Promise<string> {
  return vi.waitFor(async () => {
    const { stdout } = await cli.run('outbox --json');
    const messages = JSON.parse(stdout) as { to: string; kind: string; text: string }[];
    const found = messages.findLast((one) => one.to === address && one.kind === kind);
    const token = what.exec(found?.text ?? '')?.[1];
    if (token === undefined) throw new Error('no message has come');
    return token;
  });
}

describe('ledgate login and ledgate factor', () => {
  it('take a password, then a code, and keep the token to their owner', async () => {
    await cli.json('user create kim --password-stdin', { input: `${password}\n` });
    const first = await cli.json<Login>('login demo kim', { input: `${password}\n` });
    expect(first.acr).toBe('urn:ledgate:acr:1');
    const as = (token: string) => `--credential ${token}`;
    const offer = await cli.json<{ ticket: string; seed: string; uri: string }>(
      `factor enrol-totp ${as(first.sessionToken)}`,
    );
    expect(offer.uri).toMatch(/^otpauth:\/\/totp\//u);
    const { seed } = offer;
    const enrolled = await cli.json<{ credentialId: string }>(
      `factor enrol-totp --ticket ${offer.ticket} --name Phone ${as(first.sessionToken)}`,
      { input: `${code(seed, -1)}\n` },
    );

    const file = join(folder, 'session');
    const saved = await cli.run(`login demo kim --save ${file}`, `${password}\n${code(seed)}\n`);
    expect(saved).toMatchObject({ code: 0, stdout: `logged in; the token is in ${file}\n` });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const token = readFileSync(file, 'utf8').trim();
    const listed = await cli.json(`factor list ${as(token)}`);
    expect(listed).toMatchObject([{ kind: 'totp', name: 'Phone', status: 'ACTIVE' }]);

    const made = await cli.json<{ codes: string }>(`factor recovery-codes ${as(token)}`);
    const [one, two] = made.codes.split(' ');
    const wrong = await cli.run('login demo kim', `${password}\n000000\n`);
    expect(wrong.code).toBe(3);
    const recovered = await cli.json<Login>('login demo kim --recovery', {
      input: `${password}\n${one}\n`,
    });
    expect(recovered.acr).toBe('urn:ledgate:acr:2');
    expect((await cli.run('login demo kim --recovery', `${password}\n${one}\n`)).code).toBe(3);

    const stepped = await cli.json<Login>(`step-up --recovery ${as(recovered.sessionToken)}`, {
      input: `${two}\n`,
    });
    expect((await cli.run(`factor list ${as(recovered.sessionToken)}`)).code).toBe(3);
    await cli.json(`factor remove ${enrolled.credentialId} ${as(stepped.sessionToken)}`);
    expect((await cli.run('factor reset kim')).code).toBe(0);
    const last = await cli.json<Login>('login demo kim', { input: `${password}\n` });
    expect(last.acr).toBe('urn:ledgate:acr:1');
  });

  it('enrol where the tenant demands it', async () => {
    await cli.json('user create max --password-stdin', { input: `${password}\n` });
    expect((await cli.run('tenant settings --second-factor everybody')).code).toBe(0);
    const refused = await cli.run('login demo max', `${password}\n`);
    expect(refused.code).toBe(4);
    const ticket = /--login-ticket (\S+)/u.exec(refused.stderr)?.[1] ?? '';
    const offer = await cli.json<{ ticket: string; seed: string }>(
      `factor enrol-totp --login-ticket ${ticket}`,
    );
    const done = await cli.json<Login>(
      `factor enrol-totp --login-ticket ${ticket} --ticket ${offer.ticket}`,
      { input: `${code(offer.seed)}\n` },
    );
    expect(done.acr).toBe('urn:ledgate:acr:2');
    expect((await cli.run('tenant settings --second-factor nobody')).code).toBe(0);
  });
});

describe('ledgate reset and ledgate sign-up', () => {
  it('go by mail', async () => {
    const address = 'pat@example.com';
    expect((await cli.run(`sign-up request demo ${address}`)).code).toBe(4);
    expect((await cli.run('tenant settings --self-sign-up on')).code).toBe(0);
    expect((await cli.run(`sign-up request demo ${address}`)).code).toBe(0);
    const link = await tokenOfLink(address, 'SIGN_UP');
    await cli.json('sign-up finish --name Pat', { input: `${link}\n${password}\n` });
    await cli.json<Login>(`login demo ${address}`, { input: `${password}\n` });
    expect((await cli.run(`reset request demo ${address}`)).code).toBe(0);
    const reset = await tokenOfLink(address, 'RESET_PASSWORD');
    await cli.json('reset finish', { input: `${reset}\n${newPassword}\n` });
    await cli.json<Login>(`login demo ${address}`, { input: `${newPassword}\n` });
    expect((await cli.run('reset finish', `${reset}\n${newPassword}\n`)).code).toBe(4);
  });

  it('reach an address that an administrator typed once it is verified', async () => {
    const address = 'nell@example.com';
    const made = `user create nell --email ${address} --password-stdin`;
    await cli.json(made, { input: `${password}\n` });
    const { sessionToken } = await cli.json<Login>('login demo nell', { input: `${password}\n` });
    const verify = `factor verify-address ${address} --credential ${sessionToken}`;
    const { ticket } = await cli.json<{ ticket: string }>(verify);
    const sent = await sentTo(address, 'VERIFY_ADDRESS', /\b(\d{3} ?\d{3})\b/u);
    await cli.json(`${verify} --ticket ${ticket}`, { input: `${sent.replace(' ', '')}\n` });
    expect((await cli.run(verify)).code).toBe(4);
    expect((await cli.run('tenant settings --mail-unverified off')).code).toBe(0);
    expect((await cli.run(`reset request demo ${address}`)).code).toBe(0);
    await tokenOfLink(address, 'RESET_PASSWORD');
  });

  it('all of them', () => {
    expect(cli.untried).toEqual([]);
  });
});
