import type { Command } from 'commander';
import { TenantServiceClient, type Tenant } from '#proto/ledgate/identity/v1/tenant.js';
import { ask } from '../cli/ask.js';
import { withCli } from '../cli/cli.js';
import type { Row } from '../cli/output.js';
import { secretFromStdin } from '../cli/values.js';
import { settingsFrom, withSettings, type SettingFlags } from './tenant-settings.js';

/** `ledgate tenant …` */
export function addTenantCommands(program: Command): void {
  const tenant = program
    .command('tenant')
    .description('tenants: each with its own users and roles');
  withSettings(tenant.command('create <slug>'))
    .description('create a tenant with its built-in permissions and its admin role')
    .option('--name <name>', 'display name; default: the slug')
    .option('--admin <username>', 'also create the first administrator, password on stdin')
    .action(
      withCli(
        async (cli, slug: string, flags: SettingFlags & { name?: string; admin?: string }) => {
          const answer = await ask(cli.identity(TenantServiceClient), 'createTenant', {
            options: cli.options,
            slug,
            displayName: flags.name ?? slug,
            settings: settingsFrom(flags),
            adminUsername: flags.admin ?? '',
            adminPassword: flags.admin === undefined ? '' : await secretFromStdin(),
          });
          const { tenantId, adminRoleId, adminPrincipalId } = answer;
          const made = { tenantId, adminRoleId, adminPrincipalId };
          cli.done(answer.result, made, `tenant ${slug} is ${tenantId}`);
        },
      ),
    );
  tenant
    .command('list')
    .description('list tenants (system tenant only)')
    .action(
      withCli(async (cli) => {
        const rows: Row[] = [];
        let pageToken = '';
        do {
          const page = { pageSize: 500, pageToken };
          const answer = await ask(cli.identity(TenantServiceClient), 'listTenants', { page });
          rows.push(...answer.tenants.map(rowOf));
          pageToken = answer.nextPageToken;
        } while (pageToken !== '');
        cli.out.many(rows, 'no tenants');
      }),
    );
  tenant
    .command('show [slug]')
    .description('show one tenant; default: your own')
    .action(
      withCli(async (cli, slug: string | undefined) => {
        const request = { tenantId: slug === undefined ? cli.tenantId : '', slug: slug ?? '' };
        const answer = await ask(cli.identity(TenantServiceClient), 'getTenant', request);
        if (answer.tenant) cli.out.one(rowOf(answer.tenant));
      }),
    );
  addTenantChanges(tenant);
}

function addTenantChanges(tenant: Command): void {
  withSettings(tenant.command('settings'))
    .description('change settings of the tenant')
    .action(
      withCli(async (cli, flags: SettingFlags) => {
        const client = cli.identity(TenantServiceClient);
        const { tenantId, options } = cli;
        // The policy of factors is set as a whole: what is not named stays as it is.
        const { tenant: current } = await ask(client, 'getTenant', { tenantId, slug: '' });
        const settings = settingsFrom(flags, current?.settings?.factors);
        const request = { options, tenantId, settings };
        const answer = await ask(client, 'updateTenantSettings', request);
        cli.done(answer.result, {}, 'settings changed');
      }),
    );
  for (const verb of ['suspend', 'resume'] as const) {
    tenant
      .command(verb)
      .description(verb === 'suspend' ? 'refuse everything of the tenant' : 'end a suspension')
      .action(
        withCli(async (cli) => {
          const client = cli.identity(TenantServiceClient);
          const request = { options: cli.options, tenantId: cli.tenantId };
          const answer = await ask(client, `${verb}Tenant`, request);
          cli.done(answer.result, {}, verb === 'suspend' ? 'tenant suspended' : 'tenant resumed');
        }),
      );
  }
  tenant
    .command('delete <slug>')
    .description('delete the tenant for good; its slug, again, as confirmation')
    .action(
      withCli(async (cli, confirmSlug: string) => {
        const request = { options: cli.options, tenantId: cli.tenantId, confirmSlug };
        const answer = await ask(cli.identity(TenantServiceClient), 'deleteTenant', request);
        cli.done(answer.result, {}, `tenant ${confirmSlug} deleted`);
      }),
    );
}

function rowOf(tenant: Tenant): Row {
  const { tenantId, slug, displayName, status } = tenant;
  return { tenantId, slug, displayName, status };
}
