import type { Command } from 'commander';
import { CredentialServiceClient } from '#proto/ledgate/identity/v1/credential.js';
import {
  LoginNameKind,
  PrincipalKind,
  PrincipalServiceClient,
  type Principal,
} from '#proto/ledgate/identity/v1/principal.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { timeText, type Row } from '../cli/output.js';
import { principalId } from '../cli/references.js';
import { moment, secretFromStdin } from '../cli/values.js';

interface CreateFlags {
  readonly email?: string;
  readonly name?: string;
  readonly locale?: string;
  readonly service?: boolean;
  readonly passwordStdin?: boolean;
  readonly mustChange?: boolean;
}

/** `ledgate user …` */
export function addUserCommands(program: Command): void {
  const user = program.command('user').description('users and service accounts');
  user
    .command('create <username>')
    .description('register a user, or a service account')
    .option('--service', 'a service account: logs in by API key only')
    .option('--email <address>', 'a second name to log in with')
    .option('--name <name>', 'display name')
    .option('--locale <tag>', 'BCP 47, e.g. de-CH')
    .option('--password-stdin', 'set a password, read from standard input')
    .option('--must-change', 'the password must be changed at the first login')
    .action(withCli(create));
  user.command('list').description('list users and service accounts').action(withCli(list));
  user
    .command('show <user>')
    .description('show one, by id or login name')
    .action(
      withCli(async (cli, name: string) => {
        const id = await principalId(cli, name);
        const request = { tenantId: cli.tenantId, principalId: id, loginName: '' };
        const answer = await ask(cli.identity(PrincipalServiceClient), 'getPrincipal', request);
        if (answer.principal) cli.out.one(rowOf(answer.principal));
      }),
    );
  user
    .command('suspend <user>')
    .description('refuse everything of a user')
    .option('--until <time>', 'ISO time or e.g. 7d; default: until resumed', moment)
    .action(
      withCli(async (cli, name: string, flags: { until?: bigint }) => {
        const request = { ...(await about(cli, name)), untilMs: flags.until ?? 0n };
        const answer = await ask(cli.identity(PrincipalServiceClient), 'suspendPrincipal', request);
        cli.done(answer.result, {}, `${name} is suspended`);
      }),
    );
  user
    .command('resume <user>')
    .description('end a suspension')
    .action(
      withCli(async (cli, name: string) => {
        const request = await about(cli, name);
        const answer = await ask(cli.identity(PrincipalServiceClient), 'resumePrincipal', request);
        cli.done(answer.result, {}, `${name} is active`);
      }),
    );
  user
    .command('delete <user>')
    .description('delete for good; the login names become free')
    .action(
      withCli(async (cli, name: string) => {
        const request = await about(cli, name);
        const answer = await ask(cli.identity(PrincipalServiceClient), 'deletePrincipal', request);
        cli.done(answer.result, {}, `${name} is deleted`);
      }),
    );
  addNameCommands(user);
  addPasswordCommands(user);
}

function addNameCommands(user: Command): void {
  user
    .command('rename <user>')
    .description('replace the profile')
    .requiredOption('--name <name>', 'display name')
    .option('--locale <tag>', 'BCP 47', '')
    .action(
      withCli(async (cli, name: string, flags: { name: string; locale: string }) => {
        const profile = { displayName: flags.name, locale: flags.locale };
        const request = { ...(await about(cli, name)), profile };
        const answer = await ask(cli.identity(PrincipalServiceClient), 'updateProfile', request);
        cli.done(answer.result, {}, 'profile replaced');
      }),
    );
  user
    .command('add-login <user> <login>')
    .description('add a username, or an e-mail address')
    .action(
      withCli(async (cli, name: string, value: string) => {
        const kind = value.includes('@')
          ? LoginNameKind.LOGIN_NAME_KIND_EMAIL
          : LoginNameKind.LOGIN_NAME_KIND_USERNAME;
        const request = { ...(await about(cli, name)), kind, value };
        const answer = await ask(cli.identity(PrincipalServiceClient), 'addLoginName', request);
        cli.done(answer.result, {}, `${name} may log in as ${value}`);
      }),
    );
  user
    .command('remove-login <user> <login>')
    .description('remove a login name; the last one stays')
    .action(
      withCli(async (cli, name: string, value: string) => {
        const request = { ...(await about(cli, name)), value };
        const answer = await ask(cli.identity(PrincipalServiceClient), 'removeLoginName', request);
        cli.done(answer.result, {}, `${value} is free`);
      }),
    );
}

function addPasswordCommands(user: Command): void {
  user
    .command('set-password <user>')
    .description('set a password from standard input; what was issued before is dead')
    .option('--must-change', 'it must be changed at the next login')
    .action(
      withCli(async (cli, name: string, flags: { mustChange?: boolean }) => {
        const password = await secretFromStdin();
        const mustChange = flags.mustChange ?? false;
        const request = { ...(await about(cli, name)), password, mustChange };
        const answer = await ask(cli.identity(CredentialServiceClient), 'setPassword', request);
        cli.done(answer.result, {}, `password of ${name} set`);
      }),
    );
  user
    .command('remove-password <user>')
    .description('remove the password; what was issued before is dead')
    .action(
      withCli(async (cli, name: string) => {
        const request = await about(cli, name);
        const answer = await ask(cli.identity(CredentialServiceClient), 'removePassword', request);
        cli.done(answer.result, {}, `${name} has no password any more`);
      }),
    );
}

async function about(cli: Cli, name: string) {
  const { options, tenantId } = cli;
  return { options, tenantId, principalId: await principalId(cli, name) };
}

async function create(cli: Cli, username: string, flags: CreateFlags): Promise<void> {
  const client = cli.identity(PrincipalServiceClient);
  const { options, tenantId } = cli;
  const profile = { displayName: flags.name ?? '', locale: flags.locale ?? '' };
  const head = { options, tenantId, username, profile };
  const password = flags.passwordStdin ? await secretFromStdin() : '';
  const { email = '', mustChange = false } = flags;
  const mustChangePassword = mustChange;
  const answer = flags.service
    ? await ask(client, 'createServiceAccount', head)
    : await ask(client, 'createUser', { ...head, email, password, mustChangePassword });
  const line = `${username} is ${answer.principalId}`;
  cli.done(answer.result, { principalId: answer.principalId }, line);
}

async function list(cli: Cli): Promise<void> {
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const request = { tenantId: cli.tenantId, page: { pageSize: 500, pageToken } };
    const answer = await ask(cli.identity(PrincipalServiceClient), 'listPrincipals', request);
    rows.push(...answer.principals.map(rowOf));
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  cli.out.many(rows, 'nobody yet: `ledgate user create <username>`');
}

function rowOf(principal: Principal): Row {
  return {
    principalId: principal.principalId,
    kind: principal.kind === PrincipalKind.PRINCIPAL_KIND_SERVICE ? 'service' : 'user',
    status: principal.status,
    logins: principal.loginNames.map((login) => login.value),
    name: principal.profile?.displayName,
    password: principal.hasPassword ? (principal.mustChangePassword ? 'must change' : 'set') : '',
    suspendedUntil: timeText(principal.suspendedUntilMs),
  };
}
