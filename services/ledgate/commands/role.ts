import type { Command } from 'commander';
import { Failure } from '#libs/errors/failure.js';
import { Risk, RoleServiceClient, type Permission } from '#proto/ledgate/identity/v1/role.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import type { Row } from '../cli/output.js';
import { roleId } from '../cli/references.js';
import { duration, list } from '../cli/values.js';

/** `ledgate role …` */
export function addRoleCommands(program: Command): void {
  const role = program.command('role').description('roles: named bundles of permissions');
  role
    .command('create <name>')
    .description('create a role')
    .requiredOption('--permissions <patterns>', 'e.g. orders:read,invoices:*', list)
    .option('--parents <roles>', 'roles whose permissions it inherits', list)
    .option('--admin', 'confers administration of the tenant; only principals may hold it')
    .action(
      withCli(async (cli, name: string, flags: CreateFlags) => {
        const { permissions, parents = [], admin = false } = flags;
        const parentRoleIds = await Promise.all(parents.map((parent) => roleId(cli, parent)));
        const { options, tenantId } = cli;
        const request = { options, tenantId, name, permissions, parentRoleIds, admin };
        const answer = await ask(cli.identity(RoleServiceClient), 'createRole', request);
        cli.done(answer.result, { roleId: answer.roleId }, `role ${name} is ${answer.roleId}`);
      }),
    );
  role.command('list').description('list roles').action(withCli(listRoles));
  role
    .command('change <role>')
    .description('add and remove permissions or parents')
    .option('--add <patterns>', 'permissions to add', list)
    .option('--remove <patterns>', 'permissions to remove', list)
    .option('--add-parents <roles>', 'roles to inherit from', list)
    .option('--remove-parents <roles>', 'roles not to inherit from any more', list)
    .action(withCli(change));
  role
    .command('rename <role> <name>')
    .description('change the name')
    .action(
      withCli(async (cli, from: string, name: string) => {
        const request = { ...(await about(cli, from)), name };
        const answer = await ask(cli.identity(RoleServiceClient), 'renameRole', request);
        cli.done(answer.result, {}, `${from} is now ${name}`);
      }),
    );
  role
    .command('delete <role>')
    .description('delete a role; its grants grant nothing any more')
    .action(
      withCli(async (cli, name: string) => {
        const request = await about(cli, name);
        const answer = await ask(cli.identity(RoleServiceClient), 'deleteRole', request);
        cli.done(answer.result, {}, `${name} is deleted`);
      }),
    );
}

/** `ledgate permission …` */
export function addPermissionCommands(program: Command): void {
  const permission = program.command('permission').description('what can be permitted');
  for (const verb of ['define', 'change'] as const) {
    permission
      .command(`${verb} <name>`)
      .description(`${verb} a permission, e.g. orders:read`)
      .option('--description <text>', 'what it allows, for people', '')
      .option('--type <resource-type>', 'what it is about, e.g. order', '')
      .option('--sensitive', 'refused after 15 s without proof of freshness')
      .option('--audit', 'allowed only where the decision is recorded')
      .option('--max-staleness <time>', 'e.g. 5s; default: the limit of the tenant', duration)
      .action(
        withCli(async (cli, name: string, flags: PermissionFlags) => {
          const { options, tenantId } = cli;
          const request = { options, tenantId, permission: permissionOf(name, flags) };
          const client = cli.identity(RoleServiceClient);
          const answer = await ask(client, `${verb}Permission`, request);
          cli.done(answer.result, {}, `${name} is ${verb === 'define' ? 'defined' : 'changed'}`);
        }),
      );
  }
  permission
    .command('retire <name>')
    .description('retire a permission: nobody has it any more')
    .action(
      withCli(async (cli, name: string) => {
        const request = { options: cli.options, tenantId: cli.tenantId, name };
        const answer = await ask(cli.identity(RoleServiceClient), 'retirePermission', request);
        cli.done(answer.result, {}, `${name} is retired`);
      }),
    );
  permission.command('list').description('list permissions').action(withCli(listPermissions));
}

interface CreateFlags {
  readonly permissions: string[];
  readonly parents?: string[];
  readonly admin?: boolean;
}
interface ChangeFlags {
  readonly add?: string[];
  readonly remove?: string[];
  readonly addParents?: string[];
  readonly removeParents?: string[];
}
interface PermissionFlags {
  readonly description: string;
  readonly type: string;
  readonly sensitive?: boolean;
  readonly audit?: boolean;
  readonly maxStaleness?: number;
}

async function about(cli: Cli, name: string) {
  const { options, tenantId } = cli;
  return { options, tenantId, roleId: await roleId(cli, name) };
}

async function change(cli: Cli, name: string, flags: ChangeFlags): Promise<void> {
  const client = cli.identity(RoleServiceClient);
  const { add = [], remove = [], addParents = [], removeParents = [] } = flags;
  let result: Parameters<Cli['done']>[0];
  if (add.length + remove.length > 0) {
    const request = { ...(await about(cli, name)), add, remove };
    ({ result } = await ask(client, 'changeRolePermissions', request));
  }
  if (addParents.length + removeParents.length > 0) {
    const idsOf = (names: string[]) => Promise.all(names.map((one) => roleId(cli, one)));
    const [addRoleIds, removeRoleIds] = [await idsOf(addParents), await idsOf(removeParents)];
    const request = { ...(await about(cli, name)), addRoleIds, removeRoleIds };
    ({ result } = await ask(client, 'changeRoleParents', request));
  }
  if (result === undefined) throw new Failure('INVALID_ARGUMENT', 'say what to add or to remove');
  cli.done(result, {}, `${name} is changed`);
}

async function listRoles(cli: Cli): Promise<void> {
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const request = { tenantId: cli.tenantId, page: { pageSize: 500, pageToken } };
    const answer = await ask(cli.identity(RoleServiceClient), 'listRoles', request);
    for (const { roleId: id, name, permissions, parentRoleIds, admin } of answer.roles) {
      rows.push({ name, roleId: id, permissions, parents: parentRoleIds, admin });
    }
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  cli.out.many(rows, 'no roles');
}

async function listPermissions(cli: Cli): Promise<void> {
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const request = { tenantId: cli.tenantId, page: { pageSize: 500, pageToken } };
    const answer = await ask(cli.identity(RoleServiceClient), 'listPermissions', request);
    for (const { name, risk, auditRequired, resourceType, description } of answer.permissions) {
      const sensitive = risk === Risk.RISK_SENSITIVE;
      const audit = auditRequired ? 'required' : '';
      const shown = { name, risk: sensitive ? 'SENSITIVE' : 'NORMAL', audit };
      rows.push({ ...shown, resourceType, description });
    }
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  cli.out.many(rows, 'no permissions');
}

function permissionOf(name: string, flags: PermissionFlags): Permission {
  return {
    name,
    resourceType: flags.type,
    description: flags.description,
    risk: flags.sensitive ? Risk.RISK_SENSITIVE : Risk.RISK_NORMAL,
    maxStalenessMs: BigInt(flags.maxStaleness ?? 0),
    auditRequired: flags.audit ?? false,
  };
}
