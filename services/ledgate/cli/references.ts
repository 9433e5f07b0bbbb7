import { Failure } from '#libs/errors/failure.js';
import { GroupServiceClient } from '#proto/ledgate/identity/v1/group.js';
import { PrincipalServiceClient } from '#proto/ledgate/identity/v1/principal.js';
import { RoleServiceClient } from '#proto/ledgate/identity/v1/role.js';
import { ask } from './ask.js';
import type { Cli } from './cli.js';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** People type names; the API takes ids. An id is passed through. */
export async function principalId(cli: Cli, name: string): Promise<string> {
  return uuid.test(name) ? name : (await subjectOf(cli, name)).principalId;
}

/** A principal by id or login name, with its tenant. */
export async function subjectOf(
  cli: Cli,
  name: string,
): Promise<{ tenantId: string; principalId: string }> {
  const [id, loginName] = uuid.test(name) ? [name, ''] : ['', name];
  const about = { tenantId: cli.tenantId, principalId: id, loginName };
  const answer = await ask(cli.identity(PrincipalServiceClient), 'getPrincipal', about);
  return { tenantId: '', principalId: '', ...answer.principal };
}

export async function roleId(cli: Cli, name: string): Promise<string> {
  if (uuid.test(name)) return name;
  const { role } = await ask(cli.identity(RoleServiceClient), 'getRole', {
    tenantId: cli.tenantId,
    roleId: '',
    name,
  });
  return role?.roleId ?? '';
}

export async function groupId(cli: Cli, name: string): Promise<string> {
  if (uuid.test(name)) return name;
  const groups = cli.identity(GroupServiceClient);
  for (let pageToken = ''; ;) {
    const page = { pageSize: 500, pageToken };
    const answer = await ask(groups, 'listGroups', { tenantId: cli.tenantId, page });
    const found = answer.groups.find((group) => group.name === name);
    if (found) return found.groupId;
    pageToken = answer.nextPageToken;
    if (pageToken === '') throw new Failure('NOT_FOUND', `there is no group ${name}`);
  }
}
