import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { LedgerId } from '#libs/ledger/ledger-place.js';
import { Ledger, LedgerServiceClient } from '#proto/ledgate/operator/v1/ledger.js';
import { ask } from '../cli/ask.js';
import { withCli } from '../cli/cli.js';
import { ledgerId, whichLedger, whole } from '../cli/values.js';

interface LedgerFlag {
  readonly ledger?: LedgerId;
}

export function wireLedger(ledger: LedgerId | undefined): Ledger {
  return ledger === 'S' ? Ledger.LEDGER_SESSIONS : Ledger.LEDGER_STATE;
}

/** `ledgate checkpoint …` */
export function addCheckpointCommands(program: Command): void {
  const checkpoint = program
    .command('checkpoint')
    .description('signed statements about the ledger, for auditors and late readers');
  checkpoint
    .command('write')
    .description('append a checkpoint now (identity does it by itself, see docs/operations.md)')
    .option(...whichLedger, ledgerId)
    .action(
      withCli(async (cli, flags: LedgerFlag) => {
        const request = { ledger: wireLedger(flags.ledger) };
        const written = await ask(cli.identity(LedgerServiceClient), 'writeCheckpoint', request);
        cli.out.one({ position: String(written.position), about: String(written.about) });
      }),
    );
  checkpoint
    .command('sign')
    .description('a signed head: proves what a copy of the ledger must be, up to a position')
    .option('--position <position>', 'default: the newest that identity has read', whole)
    .option('--out <file>', 'where to; default: standard output, in base64')
    .option(...whichLedger, ledgerId)
    .action(
      withCli(async (cli, flags: LedgerFlag & { position?: number; out?: string }) => {
        const { position, out, ledger } = flags;
        const signed = await ask(cli.identity(LedgerServiceClient), 'signHead', {
          position: position === undefined ? undefined : BigInt(position),
          ledger: wireLedger(ledger),
        });
        if (out !== undefined) await writeFile(out, signed.statement);
        const statement = out ?? signed.statement.toString('base64');
        cli.out.one({ position: String(signed.position), statement });
      }),
    );
}
