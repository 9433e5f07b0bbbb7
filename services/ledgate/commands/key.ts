import type { Command } from 'commander';
import { CredentialServiceClient } from '#proto/ledgate/identity/v1/credential.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { timeText, type Row } from '../cli/output.js';
import { principalId } from '../cli/references.js';
import { duration, list, moment } from '../cli/values.js';

/** `ledgate key …` */
export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('API keys');
  key
    .command('create <user>')
    .description('create an API key; it is shown this once')
    .requiredOption('--name <name>', 'to recognise it by')
    .option('--scopes <patterns>', 'permission patterns, comma separated; default: no limit', list)
    .option('--resource <prefix>', 'works only under this resource', '')
    .option('--expires <time>', 'ISO time or e.g. 90d; default: never', moment)
    .action(withCli(create));
  key
    .command('rotate <credential>')
    .description('replace an API key; the old one goes on for the overlap')
    .option('--overlap <time>', 'e.g. 24h; default: the old one dies at once', duration)
    .option('--expires <time>', 'of the new key', moment)
    .action(
      withCli(async (cli, credentialId: string, flags: { overlap?: number; expires?: bigint }) => {
        const answer = await ask(cli.identity(CredentialServiceClient), 'rotateApiKey', {
          ...about(cli, credentialId),
          overlapMs: BigInt(flags.overlap ?? 0),
          expiresAtMs: flags.expires ?? 0n,
        });
        shown(cli, answer);
      }),
    );
  key
    .command('revoke <credential>')
    .description('kill an API key at once')
    .action(withCli(revokeKey));
  key
    .command('rename <credential> <name>')
    .description('change the name')
    .action(
      withCli(async (cli, credentialId: string, name: string) => {
        const request = { ...about(cli, credentialId), name };
        const answer = await ask(cli.identity(CredentialServiceClient), 'renameApiKey', request);
        cli.done(answer.result, {}, `renamed to ${name}`);
      }),
    );
  for (const verb of ['block', 'unblock'] as const) {
    key
      .command(`${verb} <credential>`)
      .description(verb === 'block' ? 'refuse it until it is unblocked' : 'end a block')
      .action(
        withCli(async (cli, credentialId: string) => {
          const client = cli.identity(CredentialServiceClient);
          const answer = await ask(client, `${verb}Credential`, about(cli, credentialId));
          cli.done(answer.result, {}, `${verb}ed`);
        }),
      );
  }
  key.command('list <user>').description('list the API keys of a user').action(withCli(listKeys));
}

/** Also `ledgate revoke key`. */
export async function revokeKey(cli: Cli, credentialId: string): Promise<void> {
  const client = cli.identity(CredentialServiceClient);
  const answer = await ask(client, 'revokeApiKey', about(cli, credentialId));
  cli.done(answer.result, {}, 'revoked');
}

function about(cli: Cli, credentialId: string) {
  return { options: cli.options, tenantId: cli.tenantId, credentialId };
}

interface CreateFlags {
  readonly name: string;
  readonly scopes?: string[];
  readonly resource: string;
  readonly expires?: bigint;
}

async function create(cli: Cli, user: string, flags: CreateFlags): Promise<void> {
  const answer = await ask(cli.identity(CredentialServiceClient), 'createApiKey', {
    options: cli.options,
    tenantId: cli.tenantId,
    principalId: await principalId(cli, user),
    name: flags.name,
    scopes: flags.scopes ?? [],
    resourcePrefix: flags.resource,
    expiresAtMs: flags.expires ?? 0n,
  });
  shown(cli, answer);
}

type Made = Parameters<Cli['done']>[0];

function shown(
  cli: Cli,
  answer: { result?: Made; credentialId: string; apiKey: string; secretAvailable: boolean },
): void {
  const { credentialId, apiKey, secretAvailable } = answer;
  const line = secretAvailable
    ? `${apiKey}\n(credential ${credentialId}; the key is shown this once)`
    : `credential ${credentialId}; its key was shown when it was made`;
  cli.done(answer.result, { credentialId, apiKey }, line);
}

async function listKeys(cli: Cli, user: string): Promise<void> {
  const id = await principalId(cli, user);
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const page = { pageSize: 500, pageToken };
    const request = { tenantId: cli.tenantId, principalId: id, page };
    const answer = await ask(cli.identity(CredentialServiceClient), 'listApiKeys', request);
    for (const key of answer.apiKeys) {
      const { credentialId, name, prefix, status, scopes, resourcePrefix } = key;
      const expires = timeText(key.expiresAtMs);
      rows.push({ credentialId, name, prefix, status, scopes, resourcePrefix, expires });
    }
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  cli.out.many(rows, 'no API keys');
}
