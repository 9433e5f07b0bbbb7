// Builds the package that backend services install: dist/client-package, ready for `npm pack`.
//   node services/ledgate/launch/build-client.mjs
// It holds the client and what the client imports, nothing else; names, version, licence and the
// ranges of its two dependencies come from the repository's own package.json.
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, root } from './prepare.mjs';

const target = join(root, 'dist/client-package');
const entry = './libs/client/package-entry';

function manifest() {
  const repository = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { version, license, engines, dependencies } = repository;
  const needed = ['@bufbuild/protobuf', '@grpc/grpc-js'];
  return {
    name: '@ledgate/client',
    version,
    description:
      'Asks Ledgate who somebody is and what they may do; protects gRPC and HTTP services',
    license,
    type: 'module',
    exports: { '.': { types: `${entry}.d.ts`, default: `${entry}.js` } },
    imports: { '#libs/*.js': './libs/*.js', '#proto/*.js': './proto/gen/*.js' },
    files: ['libs', 'proto'],
    dependencies: Object.fromEntries(needed.map((name) => [name, dependencies[name]])),
    engines,
    sideEffects: false,
  };
}

install();
rmSync(target, { recursive: true, force: true });
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const run = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.client.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (run.status !== 0) process.exit(run.status ?? 1);
writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
copyFileSync(join(root, 'libs/client/README.md'), join(target, 'README.md'));
copyFileSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
console.log('dist/client-package is ready: npm pack ./dist/client-package');
