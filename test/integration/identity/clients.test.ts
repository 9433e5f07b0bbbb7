import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ClientKind,
  ClientServiceService as Clients,
  ConsentServiceService as Consents,
  ClientSettings,
} from '#proto/ledgate/identity/v1/client.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { refusal, type Refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import {
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
  type TenantSetup,
} from '../../support/identity/tenant-setup.js';

const folder = temporaryFolder();
const kind = ClientKind.CLIENT_KIND_WEB;
const denied = { code: status.PERMISSION_DENIED };
let world: World;
let acme: TenantSetup;
let other: TenantSetup;
/** May use every method of identity, but administers nothing. */
let helper: string;

beforeAll(async () => {
  world = await startWorld(testConfig(folder.path));
  acme = await setUpTenant(world, 'acme');
  other = await setUpTenant(world, 'other');
  const id = await setUpUser(world, acme.admin, 'helper');
  await setUpGrant(world, acme.admin, id, { name: 'desk', permissions: ['ledgate.identity:*'] });
  helper = (await setUpApiKey(world, acme.admin, id)).apiKey;
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

function settings(over: Partial<ClientSettings> = {}): ClientSettings {
  return ClientSettings.fromPartial({
    name: 'Shop',
    redirectUris: ['https://shop.example/cb'],
    grantTypes: ['authorization_code'],
    scopes: ['openid'],
    authMethod: 'client_secret_basic',
    ...over,
  });
}

function registered(bearer = acme.admin, over: Partial<ClientSettings> = {}) {
  return world.call(Clients.registerClient, { kind, settings: settings(over) }, bearer);
}

const fieldsOf = ({ violations }: Refusal): string[] => violations.map(({ field }) => field);

describe('a client', () => {
  it('is registered once for a command id, and its secret shown once', async () => {
    const request = {
      options: { commandId: 'register-1', reason: '' },
      kind,
      settings: settings({ name: 'Once' }),
    };
    const first = await world.call(Clients.registerClient, request, acme.admin);
    const again = await world.call(Clients.registerClient, request, acme.admin);
    expect(first.clientSecret).toMatch(/^lgcs_/u);
    expect(again).toMatchObject({
      clientId: first.clientId,
      credentialId: first.credentialId,
      clientSecret: '',
      result: { replayed: true },
    });
  });

  it('is refused with every field that is wrong', async () => {
    const bad = settings({
      name: '',
      redirectUris: ['https://shop.example/*', 'http://shop.example/'],
      grantTypes: ['password'],
      authMethod: 'secret',
    });
    const refused = await refusal(
      world.call(Clients.registerClient, { kind, settings: bad }, acme.admin),
    );
    expect(refused.code).toBe(status.INVALID_ARGUMENT);
    expect(fieldsOf(refused)).toEqual(['settings.grant_types[0]', 'settings.auth_method']);
    const words = { grantTypes: ['authorization_code'], authMethod: 'none' };
    const then = await refusal(
      world.call(Clients.registerClient, { kind, settings: { ...bad, ...words } }, acme.admin),
    );
    expect(fieldsOf(then)).toEqual([
      'settings.name',
      'settings.redirect_uris[0]',
      'settings.redirect_uris[1]',
      'settings.auth_method',
    ]);
    const nothing = await refusal(world.call(Clients.registerClient, {}, acme.admin));
    expect(fieldsOf(nothing)).toContain('kind');
  });

  it('of another tenant is not found, by any method', async () => {
    const { clientId } = await registered(other.admin);
    const attempts = [
      world.call(Clients.getClient, { clientId }, acme.admin),
      world.call(Clients.changeClient, { clientId, settings: settings() }, acme.admin),
      world.call(Clients.suspendClient, { clientId }, acme.admin),
      world.call(Clients.deleteClient, { clientId }, acme.admin),
      world.call(Clients.createClientSecret, { clientId }, acme.admin),
      world.call(Consents.giveConsent, { clientId, scopes: ['openid'] }, acme.admin),
    ];
    for (const attempt of attempts) {
      expect(await refusal(attempt)).toMatchObject({ code: status.NOT_FOUND });
    }
    const { clients } = await world.call(Clients.listClients, {}, acme.admin);
    expect(clients.map((one) => one.clientId)).not.toContain(clientId);
  });

  it('of the tenant itself is made by administrators only', async () => {
    const own = { firstParty: true };
    expect(await refusal(registered(helper, own))).toMatchObject(denied);
    const { clientId } = await registered(acme.admin, own);
    const change = { clientId, settings: settings() };
    expect(await refusal(world.call(Clients.changeClient, change, helper))).toMatchObject(denied);
    await expect(registered(helper)).resolves.toBeDefined();
  });

  it('whose service account may do more gets no new way in from who may not', async () => {
    const { clientId, principalId } = await registered();
    const grant = { principalId, roleId: acme.adminRoleId };
    await world.call(Grants.grantRole, grant, acme.admin);
    const attempts = [
      world.call(Clients.createClientSecret, { clientId }, helper),
      world.call(Clients.rotateClientSecret, { clientId }, helper),
      world.call(Clients.changeClient, { clientId, settings: settings() }, helper),
      world.call(Clients.deleteClient, { clientId }, helper),
      world.call(
        Clients.bindCertificate,
        { principalId, name: 'x', spiffeId: 'spiffe://a/b' },
        helper,
      ),
    ];
    for (const attempt of attempts) expect(await refusal(attempt)).toMatchObject(denied);
    await world.call(Clients.createClientSecret, { clientId }, acme.admin);
  });
});

describe('consent', () => {
  it('is given by whoever it is about, with a credential without limits', async () => {
    const { clientId } = await registered();
    const user = await setUpUser(world, acme.admin, 'ann');
    const { apiKey } = await setUpApiKey(world, acme.admin, user);
    const limited = await setUpApiKey(world, acme.admin, user, { scopes: ['orders:read'] });
    const request = { clientId, scopes: ['openid'] };
    const narrow = world.call(Consents.giveConsent, request, limited.apiKey);
    expect(await refusal(narrow)).toMatchObject(denied);
    await world.call(Consents.giveConsent, request, apiKey);
    const about = { principalId: user };
    const mine = await world.call(Consents.listConsents, {}, apiKey);
    expect(mine.consents).toMatchObject([{ clientId, scopes: ['openid'] }]);
    const theirs = await world.call(Consents.listConsents, about, acme.admin);
    expect(theirs).toEqual(mine);
    const outsider = await setUpUser(world, acme.admin, 'eve');
    const eve = await setUpApiKey(world, acme.admin, outsider);
    for (const attempt of [
      world.call(Consents.listConsents, about, eve.apiKey),
      world.call(Consents.withdrawConsent, { ...about, clientId }, eve.apiKey),
    ]) {
      expect(await refusal(attempt)).toMatchObject(denied);
    }
    await world.call(Consents.withdrawConsent, { ...about, clientId }, acme.admin);
    expect((await world.call(Consents.listConsents, {}, apiKey)).consents).toEqual([]);
  });
});
