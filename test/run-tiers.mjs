// npm test: types, lint, format, protos and every test tier that needs nothing but Node.
//   --only kafka,chaos    these tiers only, without the static checks
//   --node <binary>       runs the tests on another Node
//   further arguments go to vitest
// The last line is `N passed, N failed, N skipped`: tests of all tiers, plus one for each check.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { install, root } from '../services/ledgate/launch/prepare.mjs';

const everywhere = [
  'unit',
  'architecture',
  'golden',
  'contracts',
  'simulation',
  'integration',
  'e2e',
];
const checks = ['typecheck', 'lint', 'format:check', 'lint:proto'];

const { values: options, positionals } = parseArgs({
  options: { only: { type: 'string' }, node: { type: 'string' } },
  allowPositionals: true,
});

const total = { passed: 0, failed: 0, skipped: 0 };

function runCheck(name) {
  const started = performance.now();
  const run = spawnSync('npm', ['run', '-s', name], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const passed = run.status === 0;
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (!passed) console.log(run.error?.message ?? `${run.stdout}${run.stderr}`);
  total[passed ? 'passed' : 'failed'] += 1;
}

/** A file that cannot be loaded has no failed test, yet it is a failure. */
function countFile({ status, assertionResults }) {
  const count = (...wanted) =>
    assertionResults.filter((test) => wanted.includes(test.status)).length;
  const failed = count('failed');
  total.passed += count('passed');
  total.skipped += count('skipped', 'pending', 'todo', 'disabled');
  total.failed += status === 'failed' && failed === 0 ? 1 : failed;
}

function requireTestsOf(tiers, files) {
  const paths = files.map((file) => relative(root, file.name).replaceAll('\\', '/'));
  for (const tier of tiers) {
    const found = paths.some((path) =>
      tier === 'kafka' ? /kafka/.test(path) : path.startsWith(`test/${tier}/`),
    );
    if (found) continue;
    console.log(`FAIL no test of the tier "${tier}" ran`);
    total.failed += 1;
  }
}

function runVitest(tiers) {
  const scratch = mkdtempSync(join(tmpdir(), 'ledgate-test-'));
  const report = join(scratch, 'report.json');
  const failedBefore = total.failed;
  const run = spawnSync(
    options.node ?? process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      ...tiers.flatMap((tier) => ['--project', tier]),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...positionals,
    ],
    { cwd: root, stdio: 'inherit' },
  );
  try {
    const files = JSON.parse(readFileSync(report, 'utf8')).testResults;
    files.forEach(countFile);
    if (positionals.length === 0) requireTestsOf(tiers, files);
  } catch (error) {
    console.log(`FAIL vitest left no report: ${error.message}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  // An unhandled rejection or a failed global set-up belongs to no test.
  if (run.status !== 0 && total.failed === failedBefore) total.failed += 1;
}

install();
if (options.only === undefined) checks.forEach(runCheck);
runVitest(options.only?.split(',') ?? everywhere);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
