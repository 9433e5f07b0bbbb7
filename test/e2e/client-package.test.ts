import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  codeBlocks,
  installClientPackage,
  repository,
  type InstalledPackage,
} from '../support/client/install-client-package.js';
import { startLedgate } from '../support/client/running-ledgate.js';

let built: InstalledPackage;
beforeAll(() => {
  built = installClientPackage();
  if (!built.installed) process.stdout.write(`skipped: client package, ${built.why}\n`);
});
afterAll(() => {
  if (built.installed) rmSync(built.folder, { recursive: true, force: true });
});

/** What was installed; skips the test where that was impossible. */
function installed(context: { skip: (why: string) => never }) {
  return built.installed ? built : context.skip(built.why);
}

const readme = readFileSync(join(repository, 'libs/client/README.md'), 'utf8');
const guide = readFileSync(join(repository, 'docs/client.md'), 'utf8');
const modules = join(repository, 'node_modules');

/** Frameworks and Node's types come from the repository, the client only from its package. */
const compilerOptions = {
  target: 'es2023',
  module: 'nodenext',
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
  typeRoots: [`${modules}/@types`],
  types: ['node'],
  paths: {
    express: [`${modules}/@types/express`],
    fastify: [`${modules}/fastify/fastify.d.ts`],
    hono: [`${modules}/hono/dist/types/index.d.ts`],
  },
};

describe('the client package', () => {
  it('holds the client, the protos it speaks, its documents, and no part of a service', (context) => {
    const { files } = installed(context);
    // What a service of one's own imports for the option of its methods.
    const option = 'proto/ledgate/v1/authorize.proto';
    const documents = ['LICENSE', 'README.md', 'package.json', option];
    expect(files).toEqual(expect.arrayContaining(documents));
    const code = /^(libs\/(client|access|runtime)|proto\/gen\/(ledgate\/authorizer|google))\//;
    expect(files.filter((file) => !code.test(file) && !documents.includes(file))).toEqual([]);
  });

  it('brings grpc-js and the wire runtime only', (context) => {
    const { folder } = installed(context);
    const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dependencies?: Record<string, string> }>;
    };
    const { dependencies } = lock.packages['node_modules/@ledgate/client'] ?? {};
    expect(Object.keys(dependencies ?? {})).toEqual(['@bufbuild/protobuf', '@grpc/grpc-js']);
  });

  it('runs the quick start of its README in plain JavaScript', async (context) => {
    const { folder } = installed(context);
    writeFileSync(join(folder, 'quick-start.mjs'), codeBlocks(readme, 'js')[0] ?? '');
    const ledgate = await startLedgate();
    const { backendKey, aliceKey } = ledgate.demo;
    const env = {
      PATH: process.env['PATH'],
      LEDGATE_ADDRESS: ledgate.authorizer,
      LEDGATE_API_KEY: backendKey,
      CALLER_API_KEY: aliceKey,
    };
    const child = spawn(process.execPath, ['quick-start.mjs'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    const [exitCode] = (await once(child, 'close')) as [number];
    await ledgate.stop();
    expect([printed, exitCode]).toEqual(['ALLOW ALLOWED\n', 0]);
  });

  it('is loaded by import and by require', (context) => {
    const { folder } = installed(context);
    const load = (code: string) =>
      spawnSync(process.execPath, ['--no-warnings', '-e', code], { cwd: folder, encoding: 'utf8' });
    const print = '(client) => console.log(typeof client.connectLedgate, typeof client.protect)';
    const imported = load(`import('@ledgate/client').then(${print})`);
    expect([imported.stdout, imported.stderr]).toEqual(['function function\n', '']);
    const required = load(`(${print})(require('@ledgate/client'))`);
    expect([required.stdout, required.stderr]).toEqual(['function function\n', '']);
  });

  it('has types that fit every block of code in the documents', (context) => {
    const { folder } = installed(context);
    const typed = codeBlocks(guide, 'ts');
    const plain = codeBlocks(readme, 'js');
    expect([typed.length, plain.length]).toEqual([10, 2]);
    for (const [i, code] of typed.entries()) writeFileSync(join(folder, `guide-${i}.ts`), code);
    for (const [i, code] of plain.entries()) writeFileSync(join(folder, `readme-${i}.js`), code);
    const orders = 'test/support/client/orders-service.ts';
    copyFileSync(join(repository, orders), join(folder, 'orders-service.ts'));
    const compile = (include: string, options: object) => {
      const config = { compilerOptions: { ...compilerOptions, ...options }, include: [include] };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const tsc = [join(modules, 'typescript/bin/tsc'), '-p', folder];
      return spawnSync(process.execPath, tsc, { encoding: 'utf8' }).stdout;
    };
    expect(compile('guide-*.ts', { strict: true, exactOptionalPropertyTypes: true })).toBe('');
    expect(compile('readme-*.js', { strict: false, checkJs: true })).toBe('');
    writeFileSync(join(folder, 'wrong.ts'), "import { nothing } from '@ledgate/client';\n");
    expect(compile('wrong.ts', {})).toContain("no exported member 'nothing'");
  });
});
