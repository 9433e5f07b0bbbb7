import type { Command } from 'commander';
import { UpstreamServiceClient } from '#proto/ledgate/identity/v1/upstream.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { timeText, type Row } from '../cli/output.js';
import { principalId } from '../cli/references.js';
import { list, secretFromStdin } from '../cli/values.js';

interface SetFlags {
  readonly issuer: string;
  readonly clientId: string;
  readonly name?: string;
  readonly scopes: string[];
  readonly secretStdin?: boolean;
  readonly disabled?: boolean;
  readonly makesAccounts?: boolean;
  readonly twoFactorAcrs: string[];
  readonly twoFactorAmrs: string[];
}

/** `ledgate upstream …` */
export function addUpstreamCommands(program: Command): void {
  const upstream = program
    .command('upstream')
    .description('OpenID providers of the tenant that its users log in at');
  upstream
    .command('set <provider>')
    .description('set a provider as a whole; a secret that is not named stays')
    .requiredOption('--issuer <url>', 'https; http on loopback for tests')
    .requiredOption('--client-id <id>', 'what the provider calls this installation')
    .option('--name <name>', 'shown on the login page; default: the provider')
    .option('--scopes <names>', 'comma separated', list, ['openid', 'email', 'profile'])
    .option('--secret-stdin', 'read the client secret from standard input')
    .option('--disabled', 'nobody logs in there for now')
    .option('--makes-accounts', 'people whom nobody here knows get an account')
    .option(
      '--two-factor-acrs <values>',
      'of acr that count as two factors, comma separated',
      list,
      [],
    )
    .option('--two-factor-amrs <values>', 'of amr that do, e.g. mfa, comma separated', list, [])
    .action(withCli(set));
  upstream
    .command('remove <provider>')
    .description('remove a provider: nobody logs in there any more; links are kept')
    .action(
      withCli(async (cli, provider: string) => {
        const request = { options: cli.options, tenantId: cli.tenantId, provider };
        const service = cli.identity(UpstreamServiceClient);
        const answer = await ask(service, 'removeUpstreamProvider', request);
        cli.done(answer.result, {}, `${provider} is removed`);
      }),
    );
  upstream.command('list').description('list the providers').action(withCli(listProviders));
  upstream
    .command('links [user]')
    .description('list the accounts at providers that log in as a user; default: your own')
    .action(withCli(listLinks));
  upstream
    .command('unlink <identity> [user]')
    .description(
      'unlink one, by its id; what the user was given before is dead; your own: a fresh session',
    )
    .action(
      withCli(async (cli, identityId: string, user: string | undefined) => {
        const { options, tenantId } = cli;
        const whose = user === undefined ? '' : await principalId(cli, user);
        const request = { options, tenantId, principalId: whose, identityId };
        const service = cli.identity(UpstreamServiceClient);
        const answer = await ask(service, 'unlinkExternalIdentity', request);
        cli.done(answer.result, {}, 'unlinked');
      }),
    );
}

async function set(cli: Cli, provider: string, flags: SetFlags): Promise<void> {
  const { issuer, clientId, scopes, name: displayName = provider } = flags;
  const { disabled = false, makesAccounts = false } = flags;
  const clientSecret = flags.secretStdin === true ? await secretFromStdin() : '';
  const { twoFactorAcrs, twoFactorAmrs } = flags;
  const shown = { provider, displayName, issuer, clientId, scopes, twoFactorAcrs, twoFactorAmrs };
  const answer = await ask(cli.identity(UpstreamServiceClient), 'setUpstreamProvider', {
    options: cli.options,
    tenantId: cli.tenantId,
    provider: { ...shown, enabled: !disabled, makesAccounts, hasSecret: false, redirectUri: '' },
    clientSecret,
  });
  const { redirectUri } = answer;
  const state = disabled ? 'set, and disabled' : 'set';
  const text = `${provider} is ${state}; register ${redirectUri} there`;
  cli.done(answer.result, { redirectUri }, text);
}

async function listProviders(cli: Cli): Promise<void> {
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const request = { tenantId: cli.tenantId, page: { pageSize: 500, pageToken } };
    const service = cli.identity(UpstreamServiceClient);
    const answer = await ask(service, 'listUpstreamProviders', request);
    rows.push(...answer.providers.map((one) => ({ ...one })));
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  cli.out.many(rows, 'no providers');
}

async function listLinks(cli: Cli, user: string | undefined): Promise<void> {
  const id = user === undefined ? '' : await principalId(cli, user);
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const page = { pageSize: 500, pageToken };
    const request = { tenantId: cli.tenantId, principalId: id, page };
    const service = cli.identity(UpstreamServiceClient);
    const answer = await ask(service, 'listExternalIdentities', request);
    for (const { linkedAtMs, ...link } of answer.identities) {
      rows.push({ ...link, linked: timeText(linkedAtMs) });
    }
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  cli.out.many(rows, 'no linked accounts');
}
