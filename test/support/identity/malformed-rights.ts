import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import {
  type Row,
  type Bad,
  id,
  badIds,
  badTexts,
  badNames,
  badPatterns,
  badTokenScopes,
  badResources,
  badTimes,
  permission,
  ofPrincipal,
  ofRole,
  ofGroup,
  ofGrant,
  ofPage,
  typedName,
} from './bad-values.js';

/** Roles, groups, grants and tokens. */
export const rightsRows: readonly Row[] = [
  {
    method: Roles.definePermission,
    base: { permission },
    bad: [
      ['permission', [undefined]],
      ...[
        '',
        'orders',
        'Orders:read',
        'orders:*',
        'ledgate.identity:x',
        'é:read',
        'x'.repeat(200),
      ].map((name): Bad => ['permission', [{ ...permission, name }], 'permission.name']),
      ['permission', [{ ...permission, resourceType: 'A b' }], 'permission.resource_type'],
      ['permission', [{ ...permission, description: 'x'.repeat(257) }], 'permission.description'],
      [
        'permission',
        [
          { ...permission, risk: 0 },
          { ...permission, risk: 7 },
        ],
        'permission.risk',
      ],
      [
        'permission',
        [
          { ...permission, maxStalenessMs: -1n },
          { ...permission, maxStalenessMs: 999n },
        ],
        'permission.max_staleness_ms',
      ],
    ],
  },
  {
    method: Roles.changePermission,
    base: { permission },
    bad: [
      ['permission', [undefined]],
      ['permission', [{ ...permission, risk: 3 }], 'permission.risk'],
    ],
  },
  {
    method: Roles.retirePermission,
    base: { name: 'orders:read' },
    bad: [['name', ['', 'orders', 'ledgate.identity:login']]],
  },
  { method: Roles.listPermissions, base: {}, bad: ofPage },
  {
    method: Roles.createRole,
    base: { name: 'fresh' },
    bad: [
      ['name', badNames],
      ['permissions', badPatterns, 'permissions'],
      ['permissions', [Array.from({ length: 101 }, (_, at) => `a:b${at}`)]],
      ['parentRoleIds', [['x'], ['']], 'parent_role_ids[0]'],
    ],
  },
  {
    method: Roles.getRole,
    base: { roleId: id },
    bad: [
      ['roleId', badIds, 'role_id'],
      ['roleId', [''], 'name'],
      ['name', ['admin'], 'role_id'],
    ],
  },
  { method: Roles.listRoles, base: {}, bad: ofPage },
  {
    method: Roles.changeRolePermissions,
    base: { roleId: id, add: ['a:b'] },
    bad: [ofRole, ['add', [[]]], ['add', badPatterns], ['remove', [['']], 'remove[0]']],
  },
  {
    method: Roles.changeRoleParents,
    base: { roleId: id, addRoleIds: [id] },
    bad: [
      ofRole,
      ['addRoleIds', [[]], 'add_role_ids'],
      ['addRoleIds', [['x']], 'add_role_ids[0]'],
      ['removeRoleIds', [['x']], 'remove_role_ids[0]'],
    ],
  },
  {
    method: Roles.renameRole,
    base: { roleId: id, name: 'fresh' },
    bad: [ofRole, ['name', badNames]],
  },
  { method: Roles.deleteRole, base: { roleId: id }, bad: [ofRole] },
  { method: Groups.createGroup, base: { name: 'fresh' }, bad: [['name', badNames]] },
  { method: Groups.deleteGroup, base: { groupId: id }, bad: [ofGroup] },
  { method: Groups.listGroups, base: {}, bad: ofPage },
  {
    method: Groups.addGroupMember,
    base: { groupId: id, principalId: id },
    bad: [ofGroup, ofPrincipal],
  },
  {
    method: Groups.removeGroupMember,
    base: { groupId: id, principalId: id },
    bad: [ofGroup, ofPrincipal],
  },
  { method: Groups.listGroupMembers, base: { groupId: id }, bad: [ofGroup, ...ofPage] },
  {
    method: Grants.grantRole,
    base: { principalId: id, roleId: id },
    bad: [
      ofPrincipal,
      ['groupId', [id], 'group_id'],
      ofRole,
      ['resourcePrefix', badResources, 'resource_prefix'],
      ['expiresAtMs', badTimes, 'expires_at_ms'],
      ['ticket', badTexts(100)],
    ],
  },
  {
    method: Grants.changeGrant,
    base: { grantId: id },
    bad: [ofGrant, ['expiresAtMs', badTimes, 'expires_at_ms']],
  },
  { method: Grants.revokeGrant, base: { grantId: id }, bad: [ofGrant] },
  { method: Grants.listGrants, base: { principalId: id }, bad: [ofPrincipal, ...ofPage] },
  {
    method: Tokens.login,
    base: { tenant: 'acme', loginName: 'admin', password: 'x' },
    bad: [
      ['tenant', ['', 'x'.repeat(65)]],
      typedName,
      ['password', ['', 'x'.repeat(5000)]],
      ['audience', ['https://elsewhere.example']],
      ['scopes', badTokenScopes, 'scopes'],
      ['scopes', [Array.from({ length: 51 }, (_, at) => `a:b${at}`)]],
    ],
  },
  {
    method: Tokens.issueToken,
    base: {},
    bad: [
      ['audience', ['x']],
      ['scopes', badTokenScopes, 'scopes'],
      ['ttlMs', [-1n, 1n, 3_600_001n], 'ttl_ms'],
    ],
  },
  {
    method: Tokens.revokeTokens,
    base: { scope: 1, principalId: id },
    bad: [ofPrincipal, ['scope', [0, 4, -1]], ['scope', [2, 3], 'principal_id']],
  },
  {
    method: Tokens.verifyPassword,
    base: { tenant: 'acme', username: 'admin', password: 'x' },
    bad: [
      ['tenant', ['']],
      ['username', ['', 'x'.repeat(1025)]],
      ['password', ['', 'x'.repeat(5000)]],
    ],
  },
  {
    method: Tokens.rotateSigningKey,
    base: {},
    bad: [['algorithm', ['none', 'HS256', 'eddsa', 'RS512']]],
  },
  {
    method: Tokens.removeSigningKey,
    base: { kid: 'x' },
    bad: [['kid', ['', 'x'.repeat(101), 'a\u0000']]],
  },
  {
    method: Tokens.compromiseSigningKey,
    base: { kid: 'x' },
    bad: [['kid', ['', 'x'.repeat(101)]]],
  },
];
