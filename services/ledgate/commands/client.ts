import { Option, type Command } from 'commander';
import { Failure } from '#libs/errors/failure.js';
import {
  ClientServiceClient,
  type Client,
  type ClientSettings,
} from '#proto/ledgate/identity/v1/client.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { timeText, type Row } from '../cli/output.js';
import { duration, moment } from '../cli/values.js';
import {
  addSettingOptions,
  clientKindWords,
  usualSettings,
  withFlags,
  type SettingFlags,
} from './client-settings.js';

interface RegisterFlags extends SettingFlags {
  readonly kind: keyof typeof clientKindWords;
  readonly secret: boolean;
  readonly secretExpires?: bigint;
}

const kindWords = ['?', ...Object.keys(clientKindWords)];

/** `ledgate client …` */
export function addClientCommands(program: Command): void {
  const client = program.command('client').description('OAuth clients');
  addSettingOptions(
    client
      .command('register <name>')
      .description('register a client, with its service account; its secret is shown this once')
      .addOption(
        new Option('--kind <kind>', 'where it runs')
          .choices(Object.keys(clientKindWords))
          .makeOptionMandatory(),
      ),
  )
    .option('--no-secret', 'make none now')
    .option('--secret-expires <time>', 'ISO time or e.g. 90d; default: never', moment)
    .action(withCli(register));
  client
    .command('show <client>')
    .description('show a client, by id or name, and what is known of its secrets')
    .action(withCli(async (cli, name: string) => cli.out.one(row(await findClient(cli, name)))));
  client.command('list').description('list the clients').action(withCli(list));
  addSettingOptions(
    client
      .command('change <client>')
      .description('change settings; what is not named stays')
      .option('--name <name>', 'shown to users'),
  ).action(withCli(change));
  for (const [verb, what] of [
    ['suspend', 'refuse it, and what was issued to it, until it is resumed'],
    ['resume', 'end a suspension'],
    ['delete', 'delete it with its service account; what was issued to it is dead'],
  ] as const) {
    client
      .command(`${verb} <client>`)
      .description(what)
      .action(
        withCli(async (cli, name: string) => {
          const about = await onClient(cli, name);
          const answer = await ask(cli.identity(ClientServiceClient), `${verb}Client`, about);
          cli.done(answer.result, {}, `${name}: ${verb === 'suspend' ? 'suspended' : `${verb}d`}`);
        }),
      );
  }
  addSecretCommands(client);
}

function addSecretCommands(client: Command): void {
  client
    .command('create-secret <client>')
    .description('create a secret; it is shown this once')
    .option('--expires <time>', 'ISO time or e.g. 90d; default: never', moment)
    .action(
      withCli(async (cli, name: string, flags: { expires?: bigint }) => {
        const request = { ...(await onClient(cli, name)), expiresAtMs: flags.expires ?? 0n };
        const service = cli.identity(ClientServiceClient);
        showSecret(cli, await ask(service, 'createClientSecret', request));
      }),
    );
  client
    .command('rotate-secret <client> [credential]')
    .description('replace a secret (default: the newest); the old one goes on for the overlap')
    .option('--overlap <time>', 'e.g. 24h; default: the old one dies at once', duration)
    .option('--expires <time>', 'of the new secret', moment)
    .action(withCli(rotateSecret));
  client
    .command('revoke-secret <client> <credential>')
    .description('kill a secret at once')
    .action(
      withCli(async (cli, name: string, credentialId: string) => {
        const request = { ...(await onClient(cli, name)), credentialId };
        const answer = await ask(cli.identity(ClientServiceClient), 'revokeClientSecret', request);
        cli.done(answer.result, {}, 'revoked');
      }),
    );
}

async function register(cli: Cli, name: string, flags: RegisterFlags): Promise<void> {
  const answer = await ask(cli.identity(ClientServiceClient), 'registerClient', {
    options: cli.options,
    tenantId: cli.tenantId,
    kind: clientKindWords[flags.kind],
    settings: withFlags(usualSettings(flags.kind, name), flags),
    withoutSecret: !flags.secret,
    secretExpiresAtMs: flags.secretExpires ?? 0n,
  });
  const { clientId, principalId, clientSecret, credentialId } = answer;
  const lines = [`client ${name} is ${clientId}, its service account ${principalId}`];
  if (clientSecret !== '') lines.push(`${clientSecret}\n(the secret is shown this once)`);
  cli.done(answer.result, { clientId, principalId, clientSecret, credentialId }, lines.join('\n'));
}

async function change(
  cli: Cli,
  name: string,
  flags: SettingFlags & { readonly name?: string },
): Promise<void> {
  const found = await findClient(cli, name);
  const settings = found.settings as ClientSettings;
  const answer = await ask(cli.identity(ClientServiceClient), 'changeClient', {
    options: cli.options,
    tenantId: cli.tenantId,
    clientId: found.clientId,
    settings: withFlags({ ...settings, name: flags.name ?? settings.name }, flags),
  });
  cli.done(answer.result, {}, `${name} is changed`);
}

async function rotateSecret(
  cli: Cli,
  name: string,
  credentialId: string | undefined,
  flags: { overlap?: number; expires?: bigint },
): Promise<void> {
  const request = {
    ...(await onClient(cli, name)),
    credentialId: credentialId ?? '',
    overlapMs: BigInt(flags.overlap ?? 0),
    expiresAtMs: flags.expires ?? 0n,
  };
  showSecret(cli, await ask(cli.identity(ClientServiceClient), 'rotateClientSecret', request));
}

type Made = Parameters<Cli['done']>[0];

function showSecret(
  cli: Cli,
  answer: { result?: Made; credentialId: string; clientSecret: string },
): void {
  const { credentialId, clientSecret } = answer;
  const line =
    clientSecret === ''
      ? `credential ${credentialId}; its secret was shown when it was made`
      : `${clientSecret}\n(credential ${credentialId}; the secret is shown this once)`;
  cli.done(answer.result, { credentialId, clientSecret }, line);
}

async function list(cli: Cli): Promise<void> {
  const rows = (await allClients(cli)).map(({ clientId, kind, status, settings }) => ({
    clientId,
    name: settings?.name ?? '',
    kind: kindWords[kind] ?? '?',
    status,
    auth: settings?.authMethod ?? '',
    grants: settings?.grantTypes ?? [],
  }));
  cli.out.many(rows, 'no clients');
}

async function allClients(cli: Cli): Promise<Client[]> {
  const clients: Client[] = [];
  let pageToken = '';
  do {
    const request = { tenantId: cli.tenantId, page: { pageSize: 500, pageToken } };
    const answer = await ask(cli.identity(ClientServiceClient), 'listClients', request);
    clients.push(...answer.clients);
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  return clients;
}

/** The id of a client that is named by its id or its name. */
export async function clientId(cli: Cli, name: string): Promise<string> {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)) return name;
  const found = (await allClients(cli)).filter((client) => client.settings?.name === name);
  const [only, another] = found;
  if (only === undefined) throw new Failure('NOT_FOUND', `there is no client ${name}`);
  if (another === undefined) return only.clientId;
  throw new Failure('WRONG_STATE', `several clients are called ${name}: give an id`);
}

async function onClient(cli: Cli, name: string) {
  return { options: cli.options, tenantId: cli.tenantId, clientId: await clientId(cli, name) };
}

async function findClient(cli: Cli, name: string): Promise<Client> {
  const request = { tenantId: cli.tenantId, clientId: await clientId(cli, name) };
  const { client } = await ask(cli.identity(ClientServiceClient), 'getClient', request);
  if (client === undefined) throw new Failure('NOT_FOUND', `there is no client ${name}`);
  return client;
}

function row({ settings, secrets, kind, createdAtMs, ...client }: Client): Row {
  const { audiences = [], name = '', ...rest } = settings ?? {};
  return {
    ...client,
    name,
    kind: kindWords[kind] ?? '?',
    created: timeText(createdAtMs),
    ...(rest as Row),
    audiences: audiences.map(({ id, offline }) => (offline ? `${id} (offline)` : id)),
    secrets: secrets.map(
      (one) => `${one.credentialId} ${one.prefix}… ${one.status} ${timeText(one.expiresAtMs)}`,
    ),
  };
}
