import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freeAddress } from '#services/ledgate/operate/service-process.js';
import { startOrders, type RunningService } from '../support/client/running-service.js';
import {
  buildCli,
  builtCli,
  cleanEnvironment,
  repository,
  startDevProcess,
  type DevProcess,
} from '../support/ledgate/built-cli.js';
import { shellBlocks, type DocCommand } from '../support/ledgate/doc-blocks.js';
import { PersistentShell } from '../support/ledgate/persistent-shell.js';

/** The README comes last: it takes the grant away that the others show. */
const documents = [
  ...readdirSync(join(repository, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  'README.md',
];
const folder = mkdtempSync(join(tmpdir(), 'ledgate-docs-'));
const dataDir = join(folder, 'data');
let dev: DevProcess;
let orders: RunningService;
let replacements: readonly (readonly [string, string])[];

beforeAll(async () => {
  buildCli();
  const http = await freeAddress();
  const served = { LEDGATE_HTTP_ADDR: http, LEDGATE_ISSUER: `http://${http}` };
  dev = await startDevProcess(dataDir, served);
  orders = await startOrders(
    ['services/ledgate/launch/run.mjs', '--source', 'examples/orders/main.ts'],
    repository,
    {
      LEDGATE_AUTHORIZER: dev.authorizer,
      LEDGATE_API_KEY: dev.backendKey,
    },
  );
  replacements = [
    ['npx ledgate', builtCli.map((word) => `'${word}'`).join(' ')],
    ['npx buf', `'${join(repository, 'node_modules/.bin/buf')}'`],
    ['--data ./data', `--data '${dataDir}'`],
    ['http://127.0.0.1:8080', orders.http],
    ['http://localhost:7480', served.LEDGATE_ISSUER],
    ['127.0.0.1:7402', dev.authorizer],
    ['127.0.0.1:7411', await freeAddress()],
    ['127.0.0.1:7412', await freeAddress()],
    ['127.0.0.1:9464', await freeAddress()],
    ['127.0.0.1:9465', await freeAddress()],
    ["<alice's API key>", dev.aliceKey],
    ['<API key of the backend>', dev.backendKey],
  ];
});

afterAll(async () => {
  await orders.stop();
  await dev.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A shell in which nothing needs to be said that a reader need not say. */
function shell(): PersistentShell {
  const env = { LEDGATE_DATA_DIR: dataDir, TMPDIR: folder };
  return new PersistentShell(repository, cleanEnvironment(env));
}

/** What is not as its comment says; three digits are an HTTP status. */
function problemOf({ command, expected }: DocCommand, code: number, output: string): string[] {
  const wanted = expected && /^\d{3}$/.test(expected) ? `HTTP/1.1 ${expected}` : expected;
  // The answer of a question is also its exit code.
  const asks = /\bledgate ((at .+ )?(check|explain)|rules test) /;
  const no = asks.test(command) && /DENY|Denied/.test(output);
  return [
    ...(wanted === undefined || output.includes(wanted) ? [] : [`lacks: ${wanted}`]),
    ...(code === (no ? 1 : 0) ? [] : [`exit code ${code}`]),
  ];
}

/** Follows one document; what it was shown last answers `<grant id>`. Ends at the first problem. */
async function follow(path: string, commands: readonly DocCommand[]): Promise<string[]> {
  const terminal = shell();
  let lastId = '';
  try {
    for (const shown of commands) {
      let real = shown.command.replace('<grant id>', lastId);
      for (const [from, to] of replacements) real = real.replaceAll(from, to);
      const { code, output } = await terminal.run(real);
      const problems = problemOf(shown, code, output);
      if (problems.length > 0) return [`${path}:${shown.line}: ${real}`, ...problems, output];
      lastId = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(output)?.[0] ?? lastId;
    }
    return [];
  } finally {
    await terminal.close();
  }
}

const blocksOf = (path: string) => shellBlocks(readFileSync(join(repository, path), 'utf8'));
const toRun = (path: string) =>
  blocksOf(path)
    .filter((block) => block.notRun === undefined)
    .flatMap((block) => block.commands);

describe('the commands of', () => {
  it.each(documents.filter((path) => toRun(path).length > 0))(
    '%s do what it says',
    async (path) => {
      expect(await follow(path, toRun(path))).toEqual([]);
    },
  );
});

describe('the documents', () => {
  it('show commands at all, and fence them so that they are found', () => {
    const shown = documents.map((path) => readFileSync(join(repository, path), 'utf8'));
    expect(documents.flatMap(toRun).length).toBeGreaterThan(30);
    // A fence in another dialect would hide its commands from this test.
    for (const text of shown) expect(text).not.toMatch(/^```(bash|shell|console|zsh)/m);
    const reasons = documents.flatMap(blocksOf).flatMap(({ notRun }) => notRun ?? []);
    for (const reason of reasons) expect(reason.length).toBeGreaterThan(10);
  });
});
