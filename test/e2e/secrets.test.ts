import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/identity/running-identity.js';
import { runCli, type ProgramRun } from '../support/ledgate/run-program.js';
import { startPair, type Pair } from '../support/ledgate/running-pair.js';
import { search, spellingsOf, type Place, type SecretItem } from '../support/secrets/search.js';
import { SecretRun } from '../support/secrets/secret-run.js';
import { publicEventsOfRecords, publicPlaces } from '../support/secrets/public-places.js';
import { recordsOf, sealedSecrets, type SealedSecrets } from '../support/secrets/vault-secrets.js';

/** These hold keys: only their owner can read them. */
const keyFiles = ['bootstrap-api-key', 'keys/ledger.key', 'keys/master.key'];

const place = (name: string, parts: readonly (string | Uint8Array)[]): Place => ({
  name,
  content: Buffer.concat(parts.map((part) => Buffer.from(part))),
});

const folder = temporaryFolder();
let pair: Pair;
let run: SecretRun;
let sealed: SealedSecrets;
/** Passwords, keys, tokens, hashes, seeds: everything that was put in, handed out or derived. */
let secrets: readonly SecretItem[];
let personal: readonly SecretItem[];
let logs: Place;
let metrics: Place;
let refusals: Place;
let ledger: Place;
/** All decisions of the run, as they were recorded. */
let decisions: Place;
/** What others are told of the run, in each format. */
let published: readonly Place[];

const recorded = temporaryFolder();

beforeAll(async () => {
  const path = join(recorded.path, 'decisions.jsonl');
  const sinks = [{ kind: 'file', path }] as const;
  const decisionLog = { sinks, sample: 1, bufferLines: 16_384 };
  pair = await startPair({ dataDir: folder.path, authorizer: { decisionLog } });
  run = new SecretRun(pair);
  await run.all();
  const pages = pair.metricsUrls.map(async (url) => (await fetch(url)).text());
  metrics = place('metrics', await Promise.all(pages));
  const records = await recordsOf(pair.log);
  ledger = place('ledger', records);
  const events = publicEventsOfRecords(records);
  expect(events.length).toBeGreaterThan(40);
  published = publicPlaces(events);
  sealed = await sealedSecrets(pair);
  secrets = [...run.secrets, ...sealed.secrets];
  personal = [...run.personal, ...sealed.personal];
  refusals = place('refusals', run.refusals);
  logs = place('logs', pair.logged);
  decisions = place('decisions', [await allOf(path)]);
}, 120_000);
afterAll(() => {
  folder.remove();
  recorded.remove();
});

/** Once nothing has been added for a while. */
async function allOf(path: string): Promise<Uint8Array> {
  for (let size = -1; ;) {
    const content = readFileSync(path);
    if (content.length === size) return content;
    size = content.length;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function filesIn(folder: string): Place[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => {
    if (!entry.isFile()) return [];
    const path = join(entry.parentPath, entry.name);
    return [{ name: relative(folder, path), content: readFileSync(path) }];
  });
}

describe('after a full run (ASVS 5.0: 16.2.5, 14.2.4)', () => {
  it('there was something to look for, and something to look at', () => {
    const names = secrets.map(({ name }) => name);
    const kinds = [
      ['password', /password/],
      ['API key', /key/],
      ['token', /^(EdDSA|ES256|RS256|service token)$/],
      ['private key', /private key/],
      ['hash', /^hash$/],
      ['index key', /^SECRET of /],
      ['cell key', /^(master|ledger)\.key$/],
    ] as const;
    for (const [kind, name] of kinds) {
      expect([kind, names.filter((one) => name.test(one)).length > 1]).toEqual([kind, true]);
    }
    expect(personal.length).toBeGreaterThan(10);
    expect(run.refusals.length).toBeGreaterThan(1_000);
    for (const text of ['call refused', 'identity serves', 'authorizer serves', '"debug"']) {
      expect(logs.content.toString()).toContain(text);
    }
    expect(metrics.content.toString()).toContain('service="identity"');
    expect(metrics.content.toString()).toContain('service="authorizer"');
    expect(ledger.content.length).toBeGreaterThan(10_000);
    const lines = decisions.content.toString().trim().split('\n');
    expect(lines.length).toBeGreaterThan(20);
    for (const kind of ['SUBJECT', 'API_KEY', 'TOKEN', 'PASSWORD', 'REFUSED']) {
      expect(decisions.content.toString()).toContain(`"asked":{"kind":"${kind}"`);
    }
  });

  it('no secret is in any log line, metric, or answer of a refused call', () => {
    const all = [...secrets, ...sealed.apiKeyHashes];
    expect(search(all, [logs, metrics, refusals, decisions]).findings).toEqual([]);
  });

  it('no secret is in the ledger', () => {
    expect(search(secrets, [ledger]).findings).toEqual([]);
  });

  it('nobody’s name or address is in the ledger, in logs, in metrics or in decisions', () => {
    expect(search(personal, [ledger, logs, metrics, decisions]).findings).toEqual([]);
  });
});

describe('public events of a full run', () => {
  it('hold no secret, and nobody’s name or address', () => {
    const all = [...secrets, ...sealed.apiKeyHashes, ...personal, ...sealed.personal];
    const { findings, looked } = search(all, published);
    expect(findings).toEqual([]);
    expect(looked).toBeGreaterThan(1_000);
  });
});

describe('the search bites', () => {
  it('on a copy of each place with each secret in it, in each spelling', () => {
    for (const { name, content } of [logs, metrics, refusals, ledger, decisions, ...published]) {
      for (let at = 0; at < 9; at++) {
        const spellings = secrets.map(({ bytes }) => spellingsOf(bytes)[at]?.text ?? '');
        const planted = Buffer.from(spellings.join('|'), 'latin1');
        const copy = { name, content: Buffer.concat([content, planted]) };
        const found = search(secrets, [copy]).findings;
        expect(found.length).toBeGreaterThanOrEqual(secrets.length);
      }
    }
  });

  it('on base64 of something longer, at each alignment', () => {
    const bytes = Buffer.from('purple walrus lantern 1');
    for (const before of ['', 'a', 'ab', 'user:']) {
      for (const form of ['base64', 'base64url', 'hex'] as const) {
        const content = Buffer.from(
          Buffer.from(`${before}${String(bytes)}, and more`).toString(form),
        );
        const { findings } = search([{ name: 'it', bytes }], [{ name: form, content }]);
        expect(findings.length).toBeGreaterThan(0);
      }
    }
  });
});

describe('the command line', () => {
  const cli = (args: string, env: Record<string, string> = {}, stdin = ''): Promise<ProgramRun> =>
    runCli(['--data', pair.dataDir, ...args.split(' ')], { ...environment(), ...env }, stdin);
  const environment = () => ({
    LEDGATE_IDENTITY_URL: pair.identity.address,
    LEDGATE_AUTHORIZER_URL: pair.authorizerAddress,
    LEDGATE_CREDENTIAL: run.admin,
  });
  const printed = ({ stdout, stderr }: ProgramRun): string => stdout + stderr;

  it('shows no secret: lists, decisions, the ledger, refusals', async () => {
    const wrong = { LEDGATE_CREDENTIAL: String(run.secrets.at(-1)?.bytes) };
    const outputs: Place[] = [];
    const keep = async (
      args: string,
      expected: number,
      ...more: [Record<string, string>?, string?]
    ) => {
      const result = await cli(args, ...more);
      expect([args, result.code, printed(result)]).toEqual([args, expected, expect.any(String)]);
      outputs.push(place(args, [printed(result)]));
    };
    for (const args of ['user list', `--json user show ${run.user}`, `key list ${run.service}`]) {
      await keep(args, 0);
    }
    await keep(`--json explain orders:read a/b --who ${run.user}`, 1);
    await keep('tail --once', 0);
    await keep('--json upstream list', 0);
    const where = '--issuer https://login.other.example --client-id us --secret-stdin';
    await keep(`--json upstream set other ${where}`, 0, {}, 'heliotrope gadgets sing at noon\n');
    await keep(
      `upstream set other2 ${where.replace('https', 'ftp')}`,
      2,
      {},
      'quiet umbrellas / 42 % of them\n',
    );
    await keep('--json verify', 0);
    await keep('user list', 3, wrong);
    await keep(`user set-password ${run.user}`, 2, {}, 'tiny walr\n');
    await keep(`token login acme ${run.user}`, 3, {}, 'crimson narwhal beacon\n');
    expect(outputs.every(({ content }) => content.length > 20)).toBe(true);
    expect(search(secrets, outputs).findings).toEqual([]);
  });

  it('shows a new API key and a new token once, and no other secret with it', async () => {
    const key = await cli(`key create ${run.user} --name laptop`);
    expect(printed(key).match(/lgk_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}/g)).toHaveLength(1);
    const login = await cli(`token login acme ${run.user}`, {}, 'purple walrus läntern 3\n');
    expect(printed(login).match(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g)).toHaveLength(1);
    const outputs = [place('key create', [printed(key)]), place('token login', [printed(login)])];
    expect(search(secrets, outputs).findings).toEqual([]);
  });
});

describe('the data folder, when all of them have stopped', () => {
  it('holds nothing of it but in key files that only their owner can read', async () => {
    await pair.close();
    const files = filesIn(folder.path);
    const rest = files.filter(({ name }) => !keyFiles.includes(name));
    expect(rest.map(({ name }) => name)).toContain('ledger/data.mdb');
    expect(search([...secrets, ...personal], rest).findings).toEqual([]);
    for (const name of keyFiles) {
      expect([name, statSync(join(folder.path, name)).mode & 0o077]).toEqual([name, 0]);
    }
  });
});
