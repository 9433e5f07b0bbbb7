import type { Command } from 'commander';
import { invalid } from '#libs/errors/failure.js';
import type { LedgerId } from '#libs/ledger/ledger-place.js';
import { withCli, type Cli } from '../cli/cli.js';
import { ExitCode } from '../cli/exit-code.js';
import { ledgerId, list, whole, whichLedger } from '../cli/values.js';
import type { CertificateFlags } from '../operate/dev-certs.js';
import type { InitFlags } from '../operate/init.js';
import type { LedgerAccess } from '../operate/place.js';
import type { Verification } from '../operate/verify.js';

// What works on the ledger itself is loaded when it is used: most commands only ask a service.

interface LedgerFlags {
  readonly brokers?: string[];
  readonly ledger?: LedgerId;
}

/** `ledgate init`, `dev-certs` */
export function addOperateCommands(program: Command): void {
  program
    .command('init')
    .description('found a cell: topics, GENESIS, the system tenant, its key, a first credential')
    .option('--out <folder>', 'also write the two API keys into files there')
    .option(
      '--replication-factor <n>',
      'of the topics; default: 3, or the number of brokers',
      whole,
    )
    .option('--audit-topic', 'also the topic for LEDGATE_DECISION_LOG=kafka')
    .action(
      withCli(async (cli, flags: InitFlags) => {
        const { init } = await import('../operate/init.js');
        await init({ ...flags, data: cli.data }, cli.out);
      }),
    );
  program
    .command('dev-certs')
    .description('certificates for development: an authority, a server, clients')
    .option('--out <folder>', 'where to', './certs')
    .option('--host <names>', 'names and addresses of the servers', list, [
      'localhost',
      '127.0.0.1',
    ])
    .option('--client <names>', 'one client certificate each', list, ['client'])
    .option('--days <n>', 'validity', whole, 30)
    .action(
      withCli(async (cli, flags: CertificateFlags) => {
        const { makeCertificates } = await import('../operate/dev-certs.js');
        await makeCertificates(flags, cli.out);
      }),
    );
}

/** `ledgate tail`, `verify`, `doctor` */
export function addLedgerCommands(program: Command): void {
  ledgerCommand(program, 'tail')
    .option(...whichLedger, ledgerId)
    .description('the ledger as readable lines, live, with the verdict on each record')
    .option(
      '--from <position>',
      'first position to show; with --public also now, beginning, or a time',
    )
    .option('--once', 'stop at the present end')
    .option('--public', 'the public events, as identity streams them to subscribers')
    .option('--type <names>', 'with --public: only these types, e.g. GrantRevoked', list)
    .option('--all-tenants', 'with --public: every tenant, for principals of the system tenant')
    .action(withCli(tail));
  ledgerCommand(program, 'verify [file]')
    .option('--ledger <ledger>', 'L (state) or S (sessions); default: both', ledgerId)
    .description(
      'judge the whole ledgers again: position, chain, verdicts; or prove an exported file, without ' +
        'any secret; exit code 1: findings',
    )
    .option(
      '--audit-key <key>',
      'of a file: public audit key that it must be signed with, base64url',
    )
    .action(
      withCli(async (cli, file: string | undefined, flags: LedgerFlags & { auditKey?: string }) => {
        if (file !== undefined) {
          const { verifyAFile } = await import('../operate/ledger-file/ledger-commands.js');
          return verifyAFile(cli, file, flags);
        }
        await verifyLedgers(cli, flags);
      }),
    );
  ledgerCommand(program, 'doctor')
    .description(
      'examine settings of the brokers, keys, clocks and services; exit code 1: findings',
    )
    .action(
      withCli(async (cli, flags: LedgerFlags) => {
        const access = await open(cli, flags);
        const { examine } = await import('../operate/doctor.js');
        const findings = await examine(cli, access);
        await access.log.close();
        cli.out.many(
          findings.map(({ check, ok, result }) => ({ check, ok: ok ? 'ok' : 'LOOK', result })),
          '',
        );
        if (findings.some((one) => !one.ok)) process.exitCode = ExitCode.NO;
      }),
    );
}

async function verifyLedgers(cli: Cli, flags: LedgerFlags): Promise<void> {
  const only = flags.ledger;
  const state = only === 'S' ? undefined : await verifyOne(cli, { ...flags, ledger: 'L' });
  const found = only === 'L' ? undefined : await verifyOne(cli, { ...flags, ledger: 'S' });
  // A cell that is below the level of S has none.
  const sessions = only === undefined && found?.position === -1 ? undefined : found;
  const findings = [...(state?.findings ?? []), ...(sessions?.findings ?? [])];
  if (findings.length > 0) process.exitCode = ExitCode.NO;
  if (cli.out.json) {
    return cli.out.document(
      only === undefined ? { ...state, sessions } : { ...(state ?? sessions) },
    );
  }
  if (state !== undefined) show(cli, state);
  if (sessions === undefined) return;
  cli.out.say('ledger S, sessions:');
  show(cli, sessions);
}

async function verifyOne(cli: Cli, flags: LedgerFlags): Promise<Verification> {
  const access = await open(cli, flags);
  const { verifyLedger, withProgressBar } = await import('../operate/verify.js');
  const { lateOrigin } = await import('../operate/late-origin.js');
  const watched = process.stderr.isTTY && !cli.out.json;
  try {
    const late = access.ledger === 'L' ? undefined : await lateOrigin(access);
    return await withProgressBar(watched, (onProgress) =>
      verifyLedger(access.log, access.macKeys, onProgress, late),
    );
  } finally {
    await access.log.close();
  }
}

function show(cli: Cli, verified: Verification): void {
  const { position, chain, accepted, checkpoints, findings } = verified;
  const voids = Object.entries(verified.void).map(([why, count]) => `${why} ${count}`);
  const events = Object.entries(verified.events).map(([type, count]) => `${type} ${count}`);
  cli.out.one({
    position,
    chain,
    accepted,
    checkpoints,
    void: voids.join(', '),
    events: events.join(', '),
  });
  for (const finding of findings) cli.out.say(`LOOK: ${finding}`);
}

interface TailFlags extends LedgerFlags {
  readonly from?: string;
  readonly once?: boolean;
  readonly public?: boolean;
  readonly type?: string[];
  readonly allTenants?: boolean;
}

async function tail(cli: Cli, flags: TailFlags): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const { signal } = stop;
  const { once = false } = flags;
  if (flags.public === true) {
    const { tailPublic } = await import('../operate/tail-public.js');
    const { from = 'now', type: types = [], allTenants = false, ledger = 'L' } = flags;
    return tailPublic(cli, { from, types, allTenants, ledger, once, signal });
  }
  const from = firstPosition(flags.from);
  const access = await open(cli, flags);
  const { log, macKeys } = access;
  const { tailLedger } = await import('../operate/tail.js');
  const { lateOrigin } = await import('../operate/late-origin.js');
  const origin = async () => (await lateOrigin(access))?.resume;
  await tailLedger({ log, macKeys, from, once, signal, origin }, cli.out);
  await log.close();
}

function firstPosition(text = '0'): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalid({
    field: 'from',
    description: 'a position, a whole number; with --public also a time',
  });
}

async function open(cli: Cli, flags: LedgerFlags): Promise<LedgerAccess> {
  const { openLedgerOf } = await import('../operate/place.js');
  return openLedgerOf({ ...flags, data: cli.data });
}

function ledgerCommand(program: Command, name: string): Command {
  return program
    .command(name)
    .option(
      '--brokers <list>',
      'read from Kafka, e.g. 127.0.0.1:9092; default: the environment',
      list,
    );
}
