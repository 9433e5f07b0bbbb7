import type { Command } from 'commander';
import { ScopeServiceClient } from '#proto/ledgate/identity/v1/scope.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import type { Row } from '../cli/output.js';
import { list } from '../cli/values.js';

interface ScopeFlags {
  readonly description: string;
  readonly permissions?: string[];
  readonly consent?: boolean;
}

/** `ledgate scope …` */
export function addScopeCommands(program: Command): void {
  const scope = program
    .command('scope')
    .description('what tokens may use of the rights of their principal');
  for (const verb of ['define', 'change'] as const) {
    scope
      .command(`${verb} <name>`)
      .description(
        verb === 'define' ? 'define a scope, e.g. orders.view' : 'replace what a scope says',
      )
      .option('--permissions <patterns>', 'e.g. orders:read,items:*; default: none', list)
      .option('--description <text>', 'what it allows, for whoever is asked to consent', '')
      .option('--consent', 'users are asked before a client gets it')
      .action(
        withCli(async (cli, name: string, flags: ScopeFlags) => {
          const { description, permissions = [], consent = false } = flags;
          const facts = { name, description, permissions, consentRequired: consent };
          const request = { options: cli.options, tenantId: cli.tenantId, scope: facts };
          const client = cli.identity(ScopeServiceClient);
          const answer = await ask(client, `${verb}Scope`, request);
          cli.done(answer.result, {}, `${name} is ${verb === 'define' ? 'defined' : 'changed'}`);
        }),
      );
  }
  scope
    .command('retire <name>')
    .description('retire a scope: it allows nothing any more')
    .action(
      withCli(async (cli, name: string) => {
        const request = { options: cli.options, tenantId: cli.tenantId, name };
        const answer = await ask(cli.identity(ScopeServiceClient), 'retireScope', request);
        cli.done(answer.result, {}, `${name} is retired`);
      }),
    );
  scope.command('list').description('list scopes').action(withCli(listScopes));
}

async function listScopes(cli: Cli): Promise<void> {
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const request = { tenantId: cli.tenantId, page: { pageSize: 500, pageToken } };
    const answer = await ask(cli.identity(ScopeServiceClient), 'listScopes', request);
    for (const { name, permissions, consentRequired, description } of answer.scopes) {
      rows.push({ name, permissions, consent: consentRequired ? 'asked' : '', description });
    }
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  cli.out.many(rows, 'no scopes');
}
