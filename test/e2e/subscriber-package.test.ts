import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  codeBlocks,
  installPackage,
  repository,
  type InstalledPackage,
} from '../support/client/install-client-package.js';
import { startLedgate } from '../support/client/running-ledgate.js';

let built: InstalledPackage;
beforeAll(() => {
  built = installPackage('subscriber');
  if (!built.installed) process.stdout.write(`skipped: subscriber package, ${built.why}\n`);
});
afterAll(() => {
  if (built.installed) rmSync(built.folder, { recursive: true, force: true });
});

/** What was installed; skips the test where that was impossible. */
function installed(context: { skip: (why: string) => never }) {
  return built.installed ? built : context.skip(built.why);
}

const readme = readFileSync(join(repository, 'libs/subscriber/README.md'), 'utf8');
const guide = readFileSync(join(repository, 'docs/subscribing.md'), 'utf8');
const modules = join(repository, 'node_modules');

describe('the subscriber package', () => {
  it('holds the subscriber and what it speaks, and no part of a service', (context) => {
    const { files } = installed(context);
    const documents = ['LICENSE', 'README.md', 'package.json'];
    expect(files).toEqual(expect.arrayContaining(documents));
    const code =
      /^(libs\/(subscriber|events|errors|runtime|client\/rpc)|proto\/gen\/(ledgate|google))\//;
    expect(files.filter((file) => !code.test(file) && !documents.includes(file))).toEqual([]);
  });

  it('brings grpc-js and the wire runtime only; kafkajs is the choice of who installs it', (context) => {
    const { folder } = installed(context);
    const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dependencies?: Record<string, string> }>;
    };
    const { dependencies } = lock.packages['node_modules/@ledgate/subscriber'] ?? {};
    expect(Object.keys(dependencies ?? {})).toEqual(['@bufbuild/protobuf', '@grpc/grpc-js']);
    expect(Object.keys(lock.packages)).not.toContain('node_modules/kafkajs');
  });

  it('runs the program of its README, and goes on where it was after a kill', async (context) => {
    const { folder } = installed(context);
    writeFileSync(join(folder, 'follow.mjs'), codeBlocks(readme, 'js')[0] ?? '');
    const ledgate = await startLedgate();
    const env = {
      PATH: process.env['PATH'],
      LEDGATE_IDENTITY: ledgate.identity,
      LEDGATE_API_KEY: ledgate.demo.adminKey,
    };
    const run = () => {
      const child = spawn(process.execPath, ['follow.mjs'], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const printed: string[] = [];
      child.stdout.on('data', (chunk: Buffer) => {
        printed.push(...chunk.toString().split('\n').filter(Boolean));
      });
      return { child, printed };
    };
    const soon = { timeout: 20_000 };
    const first = run();
    await expect.poll(() => first.printed.length, soon).toBeGreaterThanOrEqual(3);
    const checkpoint = (): string => readFileSync(join(folder, 'subscriber.json'), 'utf8');
    await expect.poll(checkpoint, soon).toContain('4294967295');
    first.child.kill('SIGKILL');
    await once(first.child, 'close');
    const [grant = ''] = await ledgate.grantsOf('alice');
    await ledgate.revokeGrant(grant);
    const second = run();
    await expect.poll(() => second.printed.length, soon).toBeGreaterThanOrEqual(1);
    second.child.kill('SIGTERM');
    const [exitCode] = (await once(second.child, 'close')) as [number];
    await ledgate.stop();
    expect(first.printed.every((line) => line.includes(' got '))).toBe(true);
    expect(second.printed).toEqual([expect.stringMatching(/^auth\.ledger\.v1:\d+:\d+ .+ lost /u)]);
    expect(exitCode).toBe(0);
  });

  it('is loaded by import and by require', (context) => {
    const { folder } = installed(context);
    const load = (code: string) =>
      spawnSync(process.execPath, ['--no-warnings', '-e', code], { cwd: folder, encoding: 'utf8' });
    const print = '(all) => console.log(typeof all.subscribe, typeof all.kafkaSource)';
    const imported = load(`import('@ledgate/subscriber').then(${print})`);
    expect([imported.stdout, imported.stderr]).toEqual(['function function\n', '']);
    const required = load(`(${print})(require('@ledgate/subscriber'))`);
    expect([required.stdout, required.stderr]).toEqual(['function function\n', '']);
  });

  it('has types that fit every block of code in the documents', (context) => {
    const { folder } = installed(context);
    const typed = codeBlocks(guide, 'ts');
    const plain = codeBlocks(readme, 'js');
    expect([typed.length, plain.length]).toEqual([1, 3]);
    for (const [i, code] of typed.entries()) writeFileSync(join(folder, `guide-${i}.ts`), code);
    for (const [i, code] of plain.entries()) writeFileSync(join(folder, `readme-${i}.js`), code);
    const compilerOptions = {
      target: 'es2023',
      module: 'nodenext',
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      noEmit: true,
      typeRoots: [`${modules}/@types`],
      types: ['node'],
      paths: { kafkajs: [`${modules}/kafkajs/types/index.d.ts`] },
    };
    const compile = (include: string, options: object) => {
      const config = { compilerOptions: { ...compilerOptions, ...options }, include: [include] };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const tsc = [join(modules, 'typescript/bin/tsc'), '-p', folder];
      return spawnSync(process.execPath, tsc, { encoding: 'utf8' }).stdout;
    };
    expect(compile('guide-*.ts', { strict: true, exactOptionalPropertyTypes: true })).toBe('');
    expect(compile('readme-*.js', { strict: false, checkJs: true })).toBe('');
    writeFileSync(join(folder, 'wrong.ts'), "import { nothing } from '@ledgate/subscriber';\n");
    expect(compile('wrong.ts', {})).toContain("no exported member 'nothing'");
  });
});
