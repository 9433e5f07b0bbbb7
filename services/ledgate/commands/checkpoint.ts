import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { LedgerServiceClient } from '#proto/ledgate/operator/v1/ledger.js';
import { ask } from '../cli/ask.js';
import { withCli } from '../cli/cli.js';
import { whole } from '../cli/values.js';

/** `ledgate checkpoint …` */
export function addCheckpointCommands(program: Command): void {
  const checkpoint = program
    .command('checkpoint')
    .description('signed statements about the ledger, for auditors and late readers');
  checkpoint
    .command('write')
    .description('append a checkpoint now (identity does it by itself, see docs/operations.md)')
    .action(
      withCli(async (cli) => {
        const written = await ask(cli.identity(LedgerServiceClient), 'writeCheckpoint', {});
        cli.out.one({ position: String(written.position), about: String(written.about) });
      }),
    );
  checkpoint
    .command('sign')
    .description('a signed head: proves what a copy of the ledger must be, up to a position')
    .option('--position <position>', 'default: the newest that identity has read', whole)
    .option('--out <file>', 'where to; default: standard output, in base64')
    .action(
      withCli(async (cli, flags: { position?: number; out?: string }) => {
        const position = flags.position === undefined ? {} : { position: BigInt(flags.position) };
        const signed = await ask(cli.identity(LedgerServiceClient), 'signHead', position);
        const { out } = flags;
        if (out !== undefined) await writeFile(out, signed.statement);
        const statement = out ?? signed.statement.toString('base64');
        cli.out.one({ position: String(signed.position), statement });
      }),
    );
}
