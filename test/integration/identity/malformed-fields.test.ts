import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { everyMethod, shortName } from '../../support/identity/every-method.js';
import { badIds, badOptions } from '../../support/identity/bad-values.js';
import { clientRows } from '../../support/identity/malformed-clients.js';
import { endpointRows } from '../../support/identity/malformed-endpoints.js';
import { loginRows } from '../../support/identity/malformed-logins.js';
import { operatorRows } from '../../support/identity/malformed-operations.js';
import { pastRows } from '../../support/identity/malformed-past.js';
import { principalRows } from '../../support/identity/malformed-principals.js';
import { rightsRows } from '../../support/identity/malformed-rights.js';
import { sessionRows } from '../../support/identity/malformed-sessions.js';
import { upstreamRows } from '../../support/identity/malformed-upstreams.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type Method,
  type World,
} from '../../support/identity/running-identity.js';
import { setUpTenant, type TenantSetup } from '../../support/identity/tenant-setup.js';

const rows = [
  ...principalRows,
  ...loginRows,
  ...clientRows,
  ...rightsRows,
  ...sessionRows,
  ...endpointRows,
  ...operatorRows,
  ...pastRows,
  ...upstreamRows,
];

/** Nothing in them can be malformed. */
const withoutFields = new Set([
  'FactorService/GenerateRecoveryCodes',
  'SessionService/ExtendSession',
  'TokenService/GetJwks',
  'TokenService/ListSigningKeys',
  'LedgerService/GetStatus',
  'LedgerService/AppendBarrier',
  'operator.LedgerService/WriteCheckpoint',
  'operator.LedgerService/GetFeatureLevel',
]);

const folder = temporaryFolder();
let world: World;
let acme: TenantSetup;

beforeAll(async () => {
  world = await startWorld(testConfig(folder.path));
  acme = await setUpTenant(world, 'acme');
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

const position = async (): Promise<bigint> =>
  (await world.call(Ledger.getStatus, {}, world.root)).position;

describe('malformed fields', () => {
  it('the table covers every method', () => {
    const covered = rows.map(({ method }) => shortName((method as Method<object, unknown>).path));
    const all = everyMethod
      .map(({ path }) => shortName(path))
      .filter((name) => !withoutFields.has(name));
    expect([...covered].sort()).toEqual([...all].sort());
  });

  it.each(
    rows.map((row) => [shortName((row.method as Method<object, unknown>).path), row] as const),
  )('%s refuses each of them by name, and appends nothing', async (name, row) => {
    const before = await position();
    const method = row.method as Method<Record<string, unknown>, unknown>;
    const empty = method.requestDeserialize(Buffer.alloc(0));
    const cases = row.bad.flatMap(([field, values, path]) =>
      values.map((value) => ({ request: { ...row.base, [field]: value }, path: path ?? field })),
    );
    if ('options' in empty) {
      for (const [value, path] of badOptions) {
        cases.push({ request: { ...row.base, options: value }, path });
      }
    }
    if ('tenantId' in empty && !name.endsWith('ChangePassword')) {
      for (const tenantId of badIds) {
        cases.push({ request: { ...row.base, tenantId }, path: 'tenant_id' });
      }
    }
    for (const { request, path } of cases) {
      const refused = await refusal(world.call(method, request, world.root));
      const fields = refused.violations.map(({ field }) => field);
      const found = fields.find((field) => field === path || field.startsWith(`${path}[`));
      expect([request, refused.code, found !== undefined, fields]).toEqual([
        request,
        status.INVALID_ARGUMENT,
        true,
        fields,
      ]);
    }
    expect(await position()).toBe(before);
  });

  it('names all fields at fault at once', async () => {
    const request = {
      options: { commandId: ' ', reason: '' },
      username: 'a b',
      email: 'x',
      password: 'short',
      profile: { displayName: '\u0000', locale: '1' },
    };
    const { violations } = await refusal(world.call(Principals.createUser, request, acme.admin));
    expect(violations.map(({ field }) => field)).toEqual([
      'options.command_id',
      'username',
      'email',
      'profile.display_name',
      'profile.locale',
      'password',
    ]);
  });

  it('never repeats a secret in what it says', async () => {
    const secret = 'hunter2-hunter2-\u0000';
    const request = { username: 'fresh', password: secret.repeat(100) };
    const refused = await refusal(world.call(Principals.createUser, request, acme.admin));
    expect(JSON.stringify(refused)).not.toContain('hunter2');
  });

  it('refuses bytes that are no message, and messages that are too large', async () => {
    const before = await position();
    const { path } = Principals.createUser;
    const garbage = Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x01]);
    const refused = await refusal(world.callRaw(path, garbage, acme.admin));
    expect([status.INTERNAL, status.INVALID_ARGUMENT]).toContain(refused.code);
    const huge = { displayName: 'x'.repeat(600_000), locale: '' };
    const large = await refusal(world.call(Principals.createUser, { profile: huge }, acme.admin));
    expect(large.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(await position()).toBe(before);
  });
});
