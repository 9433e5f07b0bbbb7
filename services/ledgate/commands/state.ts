import type { Command } from 'commander';
import type { LedgerId } from '#libs/ledger/ledger-place.js';
import { withCli, type Cli } from '../cli/cli.js';
import { ExitCode } from '../cli/exit-code.js';
import { ledgerId, list, whichLedger } from '../cli/values.js';
import type { LedgerAccess } from '../operate/place.js';

interface LedgerFlags {
  readonly brokers?: string[];
  readonly ledger?: LedgerId;
}

/** `ledgate state …` */
export function addStateCommands(program: Command): void {
  const state = program
    .command('state')
    .description("identity's documents on this disk: built from the ledger, and compared with it");
  withBrokers(state.command('rebuild'))
    .description('build the state as this build shapes it, beside an instance that serves')
    .option('--out <folder>', 'where to; default: where this build starts from, in the data folder')
    .action(
      withCli(async (cli, flags: LedgerFlags & { out?: string }) => {
        const { rebuildState } = await import('../operate/state.js');
        const built = await onLedger(cli, flags, (access, onProgress) =>
          rebuildState(access, flags.out, onProgress),
        );
        cli.out.one({ ...built });
      }),
    );
  withBrokers(state.command('diff [folder] [other]'))
    .description(
      'documents that differ between a state (default: the one in the data folder, which may be in use) ' +
        'and another one, or a fresh fold of the ledger; exit code 1: there are some',
    )
    .action(
      withCli(
        async (cli, folder: string | undefined, other: string | undefined, flags: LedgerFlags) => {
          const { compareStates } = await import('../operate/state.js');
          const { position, differences } = await onLedger(cli, flags, (access, onProgress) =>
            compareStates(access, folder, other, onProgress),
          );
          const rows = differences.map(({ text, in: where }) => ({ document: text, in: where }));
          cli.out.many(rows, `no document differs at position ${position}`);
          if (rows.length > 0) process.exitCode = ExitCode.NO;
        },
      ),
    );
}

/** Opens the ledger, shows how far the work is while people watch, and closes it. */
async function onLedger<T>(
  cli: Cli,
  flags: LedgerFlags,
  work: (access: LedgerAccess, onProgress: (done: number, of: number) => void) => Promise<T>,
): Promise<T> {
  const { openLedgerOf } = await import('../operate/place.js');
  const { withProgressBar } = await import('../operate/verify.js');
  const access = openLedgerOf({ ...flags, data: cli.data });
  const watched = process.stderr.isTTY && !cli.out.json;
  try {
    return await withProgressBar(watched, (onProgress) => work(access, onProgress), 'folding');
  } finally {
    await access.log.close();
  }
}

function withBrokers(command: Command): Command {
  return command
    .option(
      '--brokers <addresses>',
      'host:port of Kafka brokers; default: LEDGATE_KAFKA_BROKERS, or the embedded log',
      list,
    )
    .option(...whichLedger, ledgerId);
}
