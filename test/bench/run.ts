// npm run bench [-- --short] [-- --only <row>[,<row>…]]
// Measures every row, prints a table and writes bench/latest.json (not with --only).
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { Bench, CannotRun } from './measure/bench.js';
import { meets, resultOf, type MeasuredRow } from './measure/row.js';
import {
  authenticateApiKey,
  authenticateCachedJwt,
  authenticateUncachedJwt,
} from './rows/authenticate.js';
import {
  authorizeBatch16,
  authorizeBatch50,
  authorizeEndpoint,
  authorizeUnary,
} from './rows/authorize.js';
import { clientCoalesced } from './rows/coalesced.js';
import { commandsPerSecond } from './rows/commands.js';
import { coldStart } from './rows/cold-start.js';
import { checkRow, projectionRows } from './rows/in-process.js';
import { loginVsArgon2 } from './rows/login.js';
import { oauthVsBare } from './rows/oauth.js';
import { replayVsLimit } from './rows/replay.js';
import { revocationTable } from './rows/revocation-table.js';
import { revokeToDeny } from './rows/revocation.js';

const rows: Readonly<Record<string, (bench: Bench) => Promise<MeasuredRow | MeasuredRow[]>>> = {
  authorize_unary_vs_echo: authorizeUnary,
  authorize_endpoint_vs_action: authorizeEndpoint,
  authorize_batch16_vs_echo: authorizeBatch16,
  authorize_batch50: authorizeBatch50,
  authenticate_apikey_vs_echo: authenticateApiKey,
  authenticate_jwt_cached_vs_echo: authenticateCachedJwt,
  authenticate_jwt_uncached_vs_verify: authenticateUncachedJwt,
  authorize_client_coalesced: clientCoalesced,
  login_vs_argon2: loginVsArgon2,
  oauth_vs_bare: oauthVsBare,
  check_in_process: checkRow,
  projection_bytes_per_principal: projectionRows,
  replay_vs_limit: replayVsLimit,
  cold_start: coldStart,
  commands_per_s_embedded: (bench) => commandsPerSecond(bench, 'embedded'),
  commands_per_s_kafka: (bench) => commandsPerSecond(bench, 'kafka'),
  revoke_to_deny_ms_embedded: (bench) => revokeToDeny(bench, 'embedded'),
  revoke_to_deny_ms_kafka: (bench) => revokeToDeny(bench, 'kafka'),
  revocation_table_embedded: (bench) => revocationTable(bench, 'embedded'),
  revocation_table_kafka: (bench) => revocationTable(bench, 'kafka'),
};

const { values } = parseArgs({ options: { short: { type: 'boolean' }, only: { type: 'string' } } });
const wanted = values.only?.split(',') ?? Object.keys(rows);
const unknown = wanted.filter((name) => rows[name] === undefined);
if (unknown.length > 0) {
  console.error(`There is no row ${unknown.join(', ')}. Rows: ${Object.keys(rows).join(', ')}`);
  process.exit(2);
}

// The servers run what ships, so it has to be there.
const prepare = 'import("./services/ledgate/launch/prepare.mjs").then((tools) => tools.build())';
if (spawnSync(process.execPath, ['-e', prepare], { stdio: 'inherit' }).status !== 0)
  process.exit(1);

const bench = new Bench(values.short === true);
const measured: MeasuredRow[] = [];
try {
  for (const name of wanted) {
    console.error(`measuring ${name} …`);
    try {
      const done = await rows[name]?.(bench);
      if (done !== undefined) measured.push(...(Array.isArray(done) ? done : [done]));
    } catch (error) {
      if (!(error instanceof CannotRun)) throw error;
      console.log(`${name} skipped: ${error.message}`);
    }
  }
} finally {
  await bench.close();
}

const number = (value: number | null): string =>
  value === null ? '' : value.toLocaleString('en', { maximumSignificantDigits: 4 });
const table = new Table({
  head: ['row', 'value', 'unit', 'baseline', 'ratio', 'spread', 'aim', ''],
  colAligns: ['left', 'right', 'left', 'right', 'right', 'right', 'left', 'left'],
  style: { head: [], border: [] },
});
for (const row of measured) {
  const { aim, ratio, spread } = row;
  const bound =
    aim?.least === undefined ? `≤ ${number(aim?.most ?? null)}` : `≥ ${number(aim.least)}`;
  table.push([
    row.name,
    number(row.value),
    row.unit,
    number(row.baseline),
    number(ratio),
    `${(spread * 100).toFixed(0)} %`,
    aim === undefined ? '' : `${aim.kind} ${bound}`,
    aim === undefined ? '' : meets(row) ? 'met' : 'missed',
  ]);
}
console.log(table.toString());
for (const row of measured) console.log(`${row.name}: ${row.note}`);
if (values.only === undefined) {
  mkdirSync('bench', { recursive: true });
  writeFileSync('bench/latest.json', `${JSON.stringify(measured.map(resultOf), undefined, 2)}\n`);
}
