// Runs the tests that need nothing but Node on Node 24, whatever Node this is.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { install, root } from '../services/ledgate/launch/prepare.mjs';

const version = '24.21.0';
const tiers = 'unit,architecture,golden,contracts,integration';

/** The path of a Node 24 binary: this one, or the one of an npm package kept in the user's cache. */
function node24() {
  if (process.versions.node.startsWith('24.')) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'ledgate', `node-${version}`);
  const binary = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const args = ['install', '--no-save', '--no-package-lock', '--prefix', folder];
    const run = spawnSync('npm', [...args, `${name}@${version}`], { stdio: 'inherit' });
    if (run.status !== 0) throw new Error(`cannot install ${name}@${version}`);
  }
  return binary;
}

install();
const binary = node24();
console.log(`Node ${spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim()}`);
const args = ['test/run-tiers.mjs', '--only', tiers, '--node', binary, ...process.argv.slice(2)];
process.exitCode = spawnSync(binary, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
