import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import {
  type Row,
  id,
  badIds,
  badTexts,
  badPatterns,
  badResources,
  badTimes,
  settings,
  profile,
  ofPrincipal,
  ofCredential,
  ofPage,
  shortPasswords,
} from './bad-values.js';

/** Tenants, principals and credentials. */
export const principalRows: readonly Row[] = [
  {
    method: Tenants.createTenant,
    base: { slug: 'fresh', displayName: 'Fresh' },
    bad: [
      ['slug', ['', 'a', 'A-b', 'a_b', '-ab', 'ab-', 'é', id, 'x'.repeat(64)]],
      ['displayName', ['', ...badTexts(128)], 'display_name'],
      [
        'settings',
        [settings({ passwordMinLength: 7 }), settings({ passwordMinLength: 65 })],
        'settings.password_min_length',
      ],
      [
        'settings',
        [settings({ accessTokenTtlMs: 59_999n }), settings({ accessTokenTtlMs: 2n ** 60n })],
        'settings.access_token_ttl_ms',
      ],
      [
        'settings',
        [
          settings({ softStalenessMs: 1n }),
          settings({ softStalenessMs: 20_000n, hardStalenessMs: 10_000n }),
        ],
        'settings.soft_staleness_ms',
      ],
      ['settings', [settings({ hardStalenessMs: -1n })], 'settings.hard_staleness_ms'],
      ['adminPassword', ['seven quiet lanterns'], 'admin_username'],
      ['adminUsername', ['ann'], 'admin_password'],
    ],
  },
  {
    method: Tenants.getTenant,
    base: {},
    bad: [
      ['tenantId', badIds, 'tenant_id'],
      ['slug', ['A', 'é']],
    ],
  },
  { method: Tenants.listTenants, base: {}, bad: ofPage },
  {
    method: Tenants.updateTenantSettings,
    base: { settings: settings({}) },
    bad: [
      ['settings', [undefined]],
      ['settings', [settings({ passwordMinLength: -1 })], 'settings.password_min_length'],
      ['settings', [settings({ accessTokenTtlMs: 0n })], 'settings.access_token_ttl_ms'],
    ],
  },
  { method: Tenants.suspendTenant, base: { tenantId: id }, bad: [] },
  { method: Tenants.resumeTenant, base: { tenantId: id }, bad: [] },
  {
    method: Tenants.deleteTenant,
    base: { tenantId: id, confirmSlug: 'acme' },
    bad: [['confirmSlug', ['', 'A'], 'confirm_slug']],
  },
  {
    method: Principals.createUser,
    base: { username: 'fresh' },
    bad: [
      ['username', ['', '-a', 'a b', 'a@b', 'a\u200bb', 'аlice', 'x'.repeat(65), 'x'.repeat(5000)]],
      ['email', ['a', '@b.c', 'a@', 'a b@c.d', 'a@b@c', `a@${'b'.repeat(260)}`]],
      [
        'profile',
        [profile({ displayName: 'a\u0000' }), profile({ displayName: 'x'.repeat(129) })],
        'profile.display_name',
      ],
      ['profile', [profile({ locale: 'x' }), profile({ locale: 'de_DE' })], 'profile.locale'],
      ['password', [...shortPasswords, 'freshfreshfreshfresh', 'LedgateLedgate123']],
      ['mustChangePassword', [true], 'must_change_password'],
    ],
  },
  {
    method: Principals.createServiceAccount,
    base: { username: 'fresh' },
    bad: [
      ['username', ['', 'a b']],
      ['profile', [profile({ locale: '1' })], 'profile.locale'],
    ],
  },
  {
    method: Principals.getPrincipal,
    base: { principalId: id },
    bad: [
      ['principalId', badIds, 'principal_id'],
      ['principalId', [''], 'login_name'],
      ['loginName', ['ann'], 'principal_id'],
    ],
  },
  { method: Principals.listPrincipals, base: {}, bad: ofPage },
  {
    method: Principals.updateProfile,
    base: { principalId: id, profile: profile({}) },
    bad: [ofPrincipal, ['profile', [undefined]]],
  },
  {
    method: Principals.addLoginName,
    base: { principalId: id, kind: 1, value: 'fresh' },
    bad: [ofPrincipal, ['kind', [0, 3, 99, -1]], ['value', ['', 'a b', 'a@b.c']]],
  },
  {
    method: Principals.removeLoginName,
    base: { principalId: id, value: 'fresh' },
    bad: [ofPrincipal, ['value', ['', 'a b']]],
  },
  {
    method: Principals.suspendPrincipal,
    base: { principalId: id },
    bad: [ofPrincipal, ['untilMs', badTimes, 'until_ms']],
  },
  { method: Principals.resumePrincipal, base: { principalId: id }, bad: [ofPrincipal] },
  { method: Principals.deletePrincipal, base: { principalId: id }, bad: [ofPrincipal] },
  { method: Principals.eraseSubject, base: { principalId: id }, bad: [ofPrincipal] },
  { method: Principals.getErasure, base: { principalId: id }, bad: [ofPrincipal] },
  {
    method: Credentials.setPassword,
    base: { principalId: id, password: 'seven quiet lanterns' },
    bad: [ofPrincipal, ['password', ['', ...shortPasswords]]],
  },
  {
    method: Credentials.changePassword,
    base: { tenantId: 'acme', loginName: 'admin', currentPassword: 'x', newPassword: 'y' },
    bad: [
      ['tenantId', ['', 'x'.repeat(65)], 'tenant_id'],
      ['loginName', ['x'.repeat(1025)], 'login_name'],
      ['currentPassword', ['', 'x'.repeat(5000)], 'current_password'],
      ['newPassword', [''], 'new_password'],
    ],
  },
  { method: Credentials.removePassword, base: { principalId: id }, bad: [ofPrincipal] },
  {
    method: Credentials.createApiKey,
    base: { principalId: id, name: 'key' },
    bad: [
      ['principalId', badIds, 'principal_id'],
      ['name', ['', ...badTexts(64)]],
      ['scopes', badPatterns, 'scopes'],
      ['resourcePrefix', badResources, 'resource_prefix'],
      ['expiresAtMs', badTimes, 'expires_at_ms'],
    ],
  },
  {
    method: Credentials.rotateApiKey,
    base: { credentialId: id },
    bad: [
      ofCredential,
      ['overlapMs', [-1n, 2_592_000_001n], 'overlap_ms'],
      ['expiresAtMs', badTimes, 'expires_at_ms'],
    ],
  },
  { method: Credentials.revokeApiKey, base: { credentialId: id }, bad: [ofCredential] },
  {
    method: Credentials.renameApiKey,
    base: { credentialId: id, name: 'x' },
    bad: [ofCredential, ['name', ['', ...badTexts(64)]]],
  },
  { method: Credentials.blockCredential, base: { credentialId: id }, bad: [ofCredential] },
  { method: Credentials.unblockCredential, base: { credentialId: id }, bad: [ofCredential] },
  {
    method: Credentials.listApiKeys,
    base: { principalId: id },
    bad: [['principalId', badIds, 'principal_id'], ...ofPage],
  },
];
