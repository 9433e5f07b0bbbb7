// Runs a program of the repository on whatever is here: a fresh clone is installed and built first.
//   node services/ledgate/launch/run.mjs services/ledgate/main.js dev     runs dist/services/ledgate/main.js
//   node services/ledgate/launch/run.mjs --source test/bench/run.ts       runs the TypeScript source
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

const fromSource = process.argv[2] === '--source';
const [program = '', ...args] = process.argv.slice(fromSource ? 3 : 2);

install();
if (!fromSource) build();

const file = fromSource ? program : join('dist', program);
if (!existsSync(join(root, file))) {
  console.error(`There is no ${file}.`);
  process.exit(1);
}
const loader = fromSource ? ['--conditions=source', '--import', 'tsx'] : ['--enable-source-maps'];
// Reading a ledger makes much that lives shortly: with room for it a replay takes a quarter less time.
const room = '--max-semi-space-size=64';
const child = spawn(process.execPath, [room, ...loader, file, ...args], {
  cwd: root,
  stdio: 'inherit',
  // Password hashing must not starve DNS look-ups and file work of the same thread pool.
  env: { UV_THREADPOOL_SIZE: String(availableParallelism() + 4), ...process.env },
});

// Ctrl-C reaches the child by itself (same terminal); this process only has to outlive it.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));

// npm passes SIGTERM on to the shell that it runs a script with, and the shell dies without passing
// it on: without this the services would outlive `npm start`.
if (process.env.npm_lifecycle_event !== undefined) {
  const shell = process.ppid;
  setInterval(() => {
    if (process.ppid !== shell) child.kill('SIGTERM');
  }, 250).unref();
}
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
});
