// Builds a package that others install: a folder in dist, ready for `npm pack`. It holds one room of
// libs and what that imports, nothing else; version, licence and the ranges of its dependencies come
// from the repository's own package.json.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { install, root } from './prepare.mjs';

/**
 * `room`: folder below libs, with package-entry.ts and README.md; `tsconfig` compiles it into
 * `dist/<target>`; `needed` are its dependencies, `peers` those that the caller may bring, `protos`
 * files below proto that its callers import in their own.
 */
export function buildPackage(options) {
  const { name, description, room, tsconfig, target, needed, peers = [], protos = [] } = options;
  install();
  const folder = join(root, 'dist', target);
  rmSync(folder, { recursive: true, force: true });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const run = spawnSync(process.execPath, [tsc, '-p', tsconfig], { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) process.exit(run.status ?? 1);
  const repository = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { version, license, engines, dependencies } = repository;
  const ranges = (names) => Object.fromEntries(names.map((one) => [one, dependencies[one]]));
  const entry = `./libs/${room}/package-entry`;
  const manifest = {
    name,
    version,
    description,
    license,
    type: 'module',
    exports: { '.': { types: `${entry}.d.ts`, default: `${entry}.js` } },
    imports: { '#libs/*.js': './libs/*.js', '#proto/*.js': './proto/gen/*.js' },
    files: ['libs', 'proto'],
    dependencies: ranges(needed),
    ...(peers.length === 0
      ? {}
      : {
          peerDependencies: ranges(peers),
          peerDependenciesMeta: Object.fromEntries(peers.map((one) => [one, { optional: true }])),
        }),
    engines,
    sideEffects: false,
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(root, 'libs', room, 'README.md'), join(folder, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  for (const proto of protos) {
    mkdirSync(dirname(join(folder, 'proto', proto)), { recursive: true });
    copyFileSync(join(root, 'proto', proto), join(folder, 'proto', proto));
  }
  console.log(`dist/${target} is ready: npm pack ./dist/${target}`);
}
