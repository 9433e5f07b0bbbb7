export const id = '01890a5d-ac96-774b-bcce-b302099a8057';
export const badIds = [
  'x',
  id.toUpperCase(),
  `${id} `,
  `${id}/..`,
  'ＳＹＳＴＥＭ',
  '0'.repeat(36),
  '\u0000',
];
export const badTexts = (most: number): string[] => [
  'a\u0000b',
  'a\u202eb',
  'e\u0301',
  ' a',
  'x'.repeat(most + 1),
];
export const badNames = ['', 'Upper', 'a b', 'ａ', 'é', '-a', 'a/b', 'a\u200b', 'x'.repeat(65)];
export const badPatterns = [
  ['orders'],
  ['*:read'],
  ['orders:*:x'],
  ['Orders:read'],
  ['orders:read', 'orders:read'],
  [''],
];
/** A single word may be a scope. */
export const badTokenScopes = badPatterns.filter(([one]) => one !== 'orders');
export const badResources = [
  '/a',
  'a/',
  'a//b',
  'a/../b',
  './a',
  'a%2fb',
  'a%2e%2e',
  'a\\b',
  'e\u0301',
  'x'.repeat(1025),
];
export const badTimes = [-1n, 1n, 1_700_000_000n, 9_000_000_000_000_000n];
export const options = { commandId: '', reason: '' };
export const badOptions: readonly (readonly [object, string])[] = [
  [{ ...options, commandId: 'with space' }, 'options.command_id'],
  [{ ...options, commandId: 'x'.repeat(65) }, 'options.command_id'],
  [{ ...options, commandId: 'é' }, 'options.command_id'],
  [{ ...options, reason: 'x'.repeat(501) }, 'options.reason'],
  [{ ...options, reason: 'line\u0000' }, 'options.reason'],
];

export const permission = {
  name: 'orders:read',
  resourceType: '',
  description: '',
  risk: 1,
  maxStalenessMs: 0n,
  auditRequired: false,
};
export const settings = (given: object) => ({
  passwordMinLength: undefined,
  accessTokenTtlMs: undefined,
  softStalenessMs: undefined,
  hardStalenessMs: undefined,
  ...given,
});
export const page = (pageSize: number, pageToken: string) => ({ pageSize, pageToken });
export const profile = (given: object) => ({ displayName: '', locale: '', ...given });

/** Field of the request → values that are refused → path that the violation names. */
export type Bad = readonly [field: string, values: readonly unknown[], path?: string];

export interface Row {
  readonly method: unknown;
  readonly base: Record<string, unknown>;
  readonly bad: readonly Bad[];
}

export const ofPrincipal: Bad = ['principalId', ['', ...badIds], 'principal_id'];
export const ofCredential: Bad = ['credentialId', ['', ...badIds], 'credential_id'];
export const ofRole: Bad = ['roleId', ['', ...badIds], 'role_id'];
export const ofGroup: Bad = ['groupId', ['', ...badIds], 'group_id'];
export const ofGrant: Bad = ['grantId', ['', ...badIds], 'grant_id'];
export const ofPage: readonly Bad[] = [
  ['page', [page(-1, ''), page(501, ''), page(2_147_483_647, '')], 'page.page_size'],
  ['page', [page(0, 'x'), page(0, '####'), page(0, 'A'.repeat(200))], 'page.page_token'],
];
export const typedName: Bad = ['loginName', ['', 'x'.repeat(1025)], 'login_name'];
export const shortPasswords = [
  'x',
  'fourteen chars',
  'password12345678',
  'aaaaaaaaaaaaaaaaaa',
  'x'.repeat(1001),
];
