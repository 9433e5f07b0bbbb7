import type { Command } from 'commander';
import { list } from '../cli/values.js';
import { withCli, type Cli } from '../cli/cli.js';
import { ExitCode } from '../cli/exit-code.js';
import type { DecisionsRead } from '../operate/decisions/read-decisions.js';
import type { Replayed } from '../operate/decisions/replay-decisions.js';

// What works on the ledger itself is loaded when it is used: most commands only ask a service.

interface LedgerFlags {
  readonly brokers?: string[];
}

/** `ledgate replay-decisions`, `audit` */
export function addEvidenceCommands(program: Command): void {
  program
    .command('replay-decisions <file>')
    .description(
      'ask each decision of a decision log (- is standard input) again at its position; exit ' +
        'code 1: one came out differently, or a line could not be read',
    )
    .option('--brokers <list>', 'Kafka brokers; default: the log in the data folder', list)
    .action(withCli(replay));
  program
    .command('audit')
    .description(
      'evidence report: the history proved, administrators, keys by age, brokers; exit code 1: findings',
    )
    .option('--out <folder>', 'write audit.json and audit.html there')
    .option('--decisions <file>', 'a decision log: asked again, and tells which grants are used')
    .option('--brokers <list>', 'Kafka brokers; default: the log in the data folder', list)
    .action(withCli(report));
}

interface AuditFlags extends LedgerFlags {
  readonly out?: string;
  readonly decisions?: string;
}

async function report(cli: Cli, { out, decisions, brokers }: AuditFlags): Promise<void> {
  const { openLedgerOf } = await import('../operate/place.js');
  const { audit, writeReport } = await import('../operate/audit/audit.js');
  const access = openLedgerOf({ data: cli.data, ...(brokers === undefined ? {} : { brokers }) });
  const made = await audit(access, decisions);
  await access.log.close();
  if (made.findings.length > 0) process.exitCode = ExitCode.NO;
  const written = out === undefined ? [] : writeReport(made, out);
  if (cli.out.json) return cli.out.document(made);
  const { proof, admins, keys, unusedGrants: unused } = made;
  cli.out.one({
    position: proof.position,
    chain: proof.chain,
    checkpointsVerified: proof.checkpointsVerified,
    administrators: admins.length,
    keys: keys.length,
    unusedGrants: unused.known ? unused.grants.length : `not known: ${unused.why}`,
    findings: made.findings.length,
  });
  for (const finding of made.findings.slice(0, mostShown)) cli.out.say(`LOOK: ${finding}`);
  for (const path of written) cli.out.say(`written: ${path}`);
}

async function replay(cli: Cli, path: string, flags: LedgerFlags): Promise<void> {
  const { readDecisions } = await import('../operate/decisions/read-decisions.js');
  const { replayDecisions, requireSome } = await import('../operate/decisions/replay-decisions.js');
  const read = await readDecisions(path);
  requireSome(read, path);
  const { openLedgerOf } = await import('../operate/place.js');
  const { brokers } = flags;
  const access = openLedgerOf({ data: cli.data, ...(brokers === undefined ? {} : { brokers }) });
  try {
    show(cli, read, await replayDecisions(access, read.decisions));
  } finally {
    await access.log.close();
  }
}

const mostShown = 20;

function show(cli: Cli, read: DecisionsRead, { same, differ, notReAskable }: Replayed): void {
  const { decisions, gaps, bad, repeated, contradicting, foreign, unended } = read;
  const missing = gaps.reduce((sum, { count }) => sum + count, 0);
  const wrong = differ.length + bad.length + contradicting.length;
  if (wrong > 0) process.exitCode = ExitCode.NO;
  const counts = {
    decisions: decisions.length,
    same,
    differ: differ.length,
    notReAskable: decisions.length - same - differ.length,
    missing,
    gaps: gaps.length,
    badLines: bad.length,
    repeated,
    contradicting: contradicting.length,
    otherLines: foreign,
    unendedAuthorizers: unended.length,
  };
  if (cli.out.json) {
    cli.out.document({ ...counts, differences: differ, reasons: notReAskable, gaps, bad, unended });
    return;
  }
  cli.out.one(counts);
  for (const [why, count] of Object.entries(notReAskable)) {
    cli.out.say(`not re-askable: ${why} (${count})`);
  }
  for (const { line, problem } of bad.slice(0, mostShown)) {
    cli.out.say(`LOOK: line ${line}: ${problem}`);
  }
  for (const id of contradicting.slice(0, mostShown)) {
    cli.out.say(`LOOK: decision ${id} is there twice, with different content`);
  }
  for (const { id, position, recorded, now } of differ.slice(0, mostShown)) {
    cli.out.say(`LOOK: decision ${id} at position ${position}: recorded ${recorded}, now ${now}`);
  }
  const shown = [bad, contradicting, differ].map(({ length }) => Math.min(length, mostShown));
  const unsaid = wrong - shown.reduce((sum, count) => sum + count, 0);
  if (unsaid > 0) cli.out.say(`and ${unsaid} more`);
  if (missing > 0)
    cli.out.say(`${missing} decisions are missing: a sink did not take them in time`);
}
