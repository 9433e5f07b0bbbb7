import type { Command } from 'commander';
import { GrantServiceClient } from '#proto/ledgate/identity/v1/grant.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { timeText, type Row } from '../cli/output.js';
import { groupId, principalId, roleId } from '../cli/references.js';
import { moment } from '../cli/values.js';

interface GrantFlags {
  readonly group?: boolean;
  readonly on: string;
  readonly expires?: bigint;
  readonly ticket: string;
}

/** `ledgate grant …` */
export function addGrantCommands(program: Command): void {
  const grant = program.command('grant').description('who holds which role, where, until when');
  grant
    .command('add <user> <role>')
    .description('grant a role')
    .option('--group', 'the first argument is a group')
    .option('--on <prefix>', 'resource prefix that it covers; default: everything', '')
    .option('--expires <time>', 'ISO time or e.g. 30d; default: never', moment)
    .option('--ticket <ref>', 'reference of the approval', '')
    .action(withCli(add));
  grant
    .command('change <grant>')
    .description('change the expiry')
    .option('--expires <time>', 'ISO time or e.g. 30d; default: never', moment)
    .action(
      withCli(async (cli, grantId: string, flags: { expires?: bigint }) => {
        const request = { ...about(cli, grantId), expiresAtMs: flags.expires ?? 0n };
        const answer = await ask(cli.identity(GrantServiceClient), 'changeGrant', request);
        cli.done(answer.result, {}, 'expiry changed');
      }),
    );
  grant
    .command('revoke <grant>')
    .description('revoke a grant at once')
    .action(withCli(revokeGrant));
  grant
    .command('list <user>')
    .description('list the grants of a user, or of a group')
    .option('--group', 'the argument is a group')
    .action(withCli(list));
}

/** Also `ledgate revoke grant`. */
export async function revokeGrant(cli: Cli, grantId: string): Promise<void> {
  const answer = await ask(cli.identity(GrantServiceClient), 'revokeGrant', about(cli, grantId));
  cli.done(answer.result, {}, 'revoked');
}

function about(cli: Cli, grantId: string) {
  return { options: cli.options, tenantId: cli.tenantId, grantId };
}

async function subject(cli: Cli, name: string, group: boolean | undefined) {
  return group
    ? { principalId: '', groupId: await groupId(cli, name) }
    : { principalId: await principalId(cli, name), groupId: '' };
}

async function add(cli: Cli, name: string, role: string, flags: GrantFlags): Promise<void> {
  const answer = await ask(cli.identity(GrantServiceClient), 'grantRole', {
    options: cli.options,
    tenantId: cli.tenantId,
    ...(await subject(cli, name, flags.group)),
    roleId: await roleId(cli, role),
    resourcePrefix: flags.on,
    expiresAtMs: flags.expires ?? 0n,
    ticket: flags.ticket,
  });
  const where = flags.on === '' ? 'everything' : flags.on;
  const line = `${name} holds ${role} on ${where} (grant ${answer.grantId})`;
  cli.done(answer.result, { grantId: answer.grantId }, line);
}

async function list(cli: Cli, name: string, flags: { group?: boolean }): Promise<void> {
  const about = await subject(cli, name, flags.group);
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const page = { pageSize: 500, pageToken };
    const request = { tenantId: cli.tenantId, ...about, page };
    const answer = await ask(cli.identity(GrantServiceClient), 'listGrants', request);
    for (const {
      grantId,
      roleId: role,
      resourcePrefix,
      expiresAtMs,
      ticket,
      position,
    } of answer.grants) {
      const [on, expires] = [resourcePrefix || '(everything)', timeText(expiresAtMs)];
      rows.push({ grantId, role, on, expires, ticket, position });
    }
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  cli.out.many(rows, `${name} holds nothing`);
}
