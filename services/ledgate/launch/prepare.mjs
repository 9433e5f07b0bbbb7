// What must be true before anything of the repository can run: dependencies installed, dist built.
// Plain JavaScript without dependencies: it is the first thing that runs in a fresh clone.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyStatic } from './copy-static.mjs';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

const buildInputs = ['libs', 'services', 'proto/gen', 'package.json', 'tsconfig.build.json'];
const buildStamp = join(root, 'dist/.tsbuildinfo');

/** Ends the process when a tool fails: what follows would only fail in a less obvious way. */
function mustSucceed(what, command, args, options = {}) {
  const run = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (run.status === 0) return;
  console.error(`${what} failed${run.error ? `: ${run.error.message}` : ''}`);
  process.exit(1);
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Ledgate needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

/** Installs exactly what package-lock.json names, unless it is there already. */
export function install() {
  requireNode();
  if (existsSync(join(root, 'node_modules/.package-lock.json'))) return;
  console.log('Installing dependencies (once) …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  mustSucceed('npm ci', npm, ['ci', '--no-progress'], { shell: process.platform === 'win32' });
}

function newestChange(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  const below = readdirSync(path).map((name) => newestChange(join(path, name)));
  return Math.max(stat.mtimeMs, ...below);
}

/** Compiles to dist when a source is newer than the last build. */
export function build() {
  const built = existsSync(buildStamp) ? statSync(buildStamp).mtimeMs : 0;
  const startedAt = new Date();
  if (built > Math.max(...buildInputs.map((input) => newestChange(join(root, input))))) return;
  console.log('Building …');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  mustSucceed('The build', process.execPath, [tsc, '-p', 'tsconfig.build.json']);
  copyStatic();
  utimesSync(buildStamp, startedAt, startedAt);
  // npm makes it executable once, when it links `ledgate`; a new file must be so again.
  chmodSync(join(root, 'dist/services/ledgate/main.js'), 0o755);
}
