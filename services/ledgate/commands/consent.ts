import type { Command } from 'commander';
import { ConsentServiceClient } from '#proto/ledgate/identity/v1/client.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { timeText, type Row } from '../cli/output.js';
import { principalId } from '../cli/references.js';
import { list, moment } from '../cli/values.js';
import { clientId } from './client.js';

interface GiveFlags {
  readonly scopes: string[];
  readonly audience: string;
  readonly expires?: bigint;
}

/** `ledgate consent …` */
export function addConsentCommands(program: Command): void {
  const consent = program.command('consent').description('what users let OAuth clients do');
  consent
    .command('list [user]')
    .description('list the consents of a user; default: your own')
    .action(withCli(listConsents));
  consent
    .command('give <client-id>')
    .description('give your own consent; replaces what you gave to the client before')
    .requiredOption('--scopes <names>', 'comma separated', list)
    .option('--audience <id>', 'default: all audiences of the client', '')
    .option('--expires <time>', 'ISO time or e.g. 90d; default: never', moment)
    .action(
      withCli(async (cli, client: string, flags: GiveFlags) => {
        const { scopes, audience, expires = 0n } = flags;
        const what = { clientId: client, scopes, audience, expiresAtMs: expires };
        const request = { options: cli.options, ...what };
        const answer = await ask(cli.identity(ConsentServiceClient), 'giveConsent', request);
        cli.done(answer.result, {}, 'given');
      }),
    );
  consent
    .command('withdraw <client> [user]')
    .description('withdraw a consent; what the client was given is dead')
    .action(
      withCli(async (cli, client: string, user: string | undefined) => {
        const { options, tenantId } = cli;
        const id = await clientId(cli, client);
        const whose = user === undefined ? '' : await principalId(cli, user);
        const request = { options, tenantId, principalId: whose, clientId: id };
        const answer = await ask(cli.identity(ConsentServiceClient), 'withdrawConsent', request);
        cli.done(answer.result, {}, 'withdrawn');
      }),
    );
}

async function listConsents(cli: Cli, user: string | undefined): Promise<void> {
  const id = user === undefined ? '' : await principalId(cli, user);
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const page = { pageSize: 500, pageToken };
    const request = { tenantId: cli.tenantId, principalId: id, page };
    const answer = await ask(cli.identity(ConsentServiceClient), 'listConsents', request);
    for (const one of answer.consents) {
      const { clientId: client, clientName: name, scopes, audience } = one;
      const times = { given: timeText(one.givenAtMs), expires: timeText(one.expiresAtMs) };
      rows.push({ clientId: client, name, scopes, audience, ...times });
    }
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  cli.out.many(rows, 'no consents');
}
