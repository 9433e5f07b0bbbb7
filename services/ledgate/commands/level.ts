import type { Command } from 'commander';
import { LedgerServiceClient } from '#proto/ledgate/operator/v1/ledger.js';
import { ask } from '../cli/ask.js';
import { withCli } from '../cli/cli.js';
import { whole } from '../cli/values.js';

/** `ledgate level …` */
export function addLevelCommands(program: Command): void {
  const level = program.command('level').description('what the ledger may hold: feature levels');
  level
    .command('show')
    .description('the level in force, and the newest that the asked identity knows')
    .action(
      withCli(async (cli) => {
        const client = cli.identity(LedgerServiceClient);
        const { level, newest } = await ask(client, 'getFeatureLevel', {});
        cli.out.one({ level, newest });
      }),
    );
  level
    .command('raise')
    .description('after every identity and authorizer was upgraded; there is no way back')
    .argument('<level>', 'the new level', whole)
    .action(
      withCli(async (cli, level: number) => {
        const client = cli.identity(LedgerServiceClient);
        const raised = await ask(client, 'raiseFeatureLevel', { level });
        cli.out.one({ level: raised.level, position: raised.position?.toString() ?? '' });
      }),
    );
}
