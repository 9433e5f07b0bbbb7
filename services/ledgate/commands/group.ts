import type { Command } from 'commander';
import { GroupServiceClient } from '#proto/ledgate/identity/v1/group.js';
import { ask } from '../cli/ask.js';
import { withCli } from '../cli/cli.js';
import type { Row } from '../cli/output.js';
import { groupId, principalId } from '../cli/references.js';

/** `ledgate group …` */
export function addGroupCommands(program: Command): void {
  const group = program.command('group').description('groups of users; not nested');
  group
    .command('create <name>')
    .description('create a group')
    .action(
      withCli(async (cli, name: string) => {
        const request = { options: cli.options, tenantId: cli.tenantId, name };
        const answer = await ask(cli.identity(GroupServiceClient), 'createGroup', request);
        cli.done(answer.result, { groupId: answer.groupId }, `group ${name} is ${answer.groupId}`);
      }),
    );
  group
    .command('delete <group>')
    .description('delete a group, and with it what it granted')
    .action(
      withCli(async (cli, name: string) => {
        const { options, tenantId } = cli;
        const request = { options, tenantId, groupId: await groupId(cli, name) };
        const answer = await ask(cli.identity(GroupServiceClient), 'deleteGroup', request);
        cli.done(answer.result, {}, `${name} is deleted`);
      }),
    );
  for (const verb of ['add', 'remove'] as const) {
    group
      .command(`${verb} <group> <user>`)
      .description(verb === 'add' ? 'add a user' : 'remove a user')
      .action(
        withCli(async (cli, name: string, user: string) => {
          const { options, tenantId } = cli;
          const ids = {
            groupId: await groupId(cli, name),
            principalId: await principalId(cli, user),
          };
          const client = cli.identity(GroupServiceClient);
          const answer = await ask(client, `${verb}GroupMember`, { options, tenantId, ...ids });
          cli.done(answer.result, {}, `${user} is ${verb === 'add' ? 'in' : 'not in'} ${name}`);
        }),
      );
  }
  addGroupLists(group);
}

function addGroupLists(group: Command): void {
  group
    .command('list')
    .description('list groups')
    .action(
      withCli(async (cli) => {
        const rows: Row[] = [];
        let pageToken = '';
        do {
          const request = { tenantId: cli.tenantId, page: { pageSize: 500, pageToken } };
          const answer = await ask(cli.identity(GroupServiceClient), 'listGroups', request);
          rows.push(...answer.groups.map(({ name, groupId: id }) => ({ name, groupId: id })));
          pageToken = answer.nextPageToken;
        } while (pageToken !== '');
        cli.out.many(rows, 'no groups');
      }),
    );
  group
    .command('members <group>')
    .description('list the members of a group')
    .action(
      withCli(async (cli, name: string) => {
        const id = await groupId(cli, name);
        const rows: Row[] = [];
        let pageToken = '';
        do {
          const page = { pageSize: 500, pageToken };
          const request = { tenantId: cli.tenantId, groupId: id, page };
          const answer = await ask(cli.identity(GroupServiceClient), 'listGroupMembers', request);
          rows.push(...answer.principalIds.map((principal) => ({ principal })));
          pageToken = answer.nextPageToken;
        } while (pageToken !== '');
        cli.out.many(rows, `nobody is in ${name}`);
      }),
    );
}
