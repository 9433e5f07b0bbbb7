import {
  ClientKind,
  ClientServiceService,
  type ClientSettings,
} from '#proto/ledgate/identity/v1/client.js';
import { LoginServiceService } from '#proto/ledgate/identity/v1/login.js';
import type { IdentityConfig } from '#services/identity/config.js';
import type { IdentityInjection } from '#services/identity/main.js';
import {
  audience,
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../identity/running-identity.js';
import { setUpTenant, setUpUser, type TenantSetup } from '../identity/tenant-setup.js';
import { freePort } from '../net/free-ports.js';
import { Browser } from './browser.js';

export const userPassword = 'nine quiet lighthouses';
/** Nobody listens there: a browser that is sent there has arrived. */
export const callback = 'http://127.0.0.1:9/callback';

export interface RegisteredClient {
  readonly clientId: string;
  readonly principalId: string;
  readonly secret: string;
}

/** Identity with its HTTP side, a tenant, and users who have passwords. */
export interface OauthCell {
  readonly issuer: string;
  readonly audience: string;
  readonly world: World;
  readonly tenant: TenantSetup;
  readonly slug: string;
  /** Principal ids. */
  readonly users: { readonly alice: string; readonly bob: string };
  registerClient(change?: Partial<ClientSettings>, kind?: ClientKind): Promise<RegisteredClient>;
  /** A browser in which somebody is logged in. */
  browserOf(user: 'alice' | 'bob'): Promise<Browser>;
  stop(): Promise<void>;
}

export const everyGrant = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
];
export const everyScope = ['openid', 'profile', 'email', 'offline_access', 'orders:read'];

export async function startOauthCell(
  slug = 'acme',
  change: Partial<IdentityConfig> = {},
  injection: IdentityInjection = {},
): Promise<OauthCell> {
  const folder = temporaryFolder();
  const port = await freePort();
  const httpAddress = `127.0.0.1:${port}`;
  const issuer = `http://${httpAddress}`;
  const config = testConfig(folder.path, { httpAddress, issuer, ...change });
  const world = await startWorld(config, injection);
  const tenant = await setUpTenant(world, slug);
  const users = {
    alice: await setUpUser(world, tenant.admin, 'alice', userPassword),
    bob: await setUpUser(world, tenant.admin, 'bob', userPassword),
  };
  return {
    issuer,
    audience,
    world,
    tenant,
    slug,
    users,
    registerClient: async (settings = {}, kind = ClientKind.CLIENT_KIND_WEB) => {
      const answer = await world.call(
        ClientServiceService.registerClient,
        {
          tenantId: tenant.tenantId,
          kind,
          settings: { ...shop, ...settings },
          withoutSecret: !(settings.authMethod ?? shop.authMethod).startsWith('client_secret'),
        },
        tenant.admin,
      );
      const { clientId, principalId, clientSecret: secret } = answer;
      return { clientId, principalId, secret };
    },
    browserOf: async (user) => {
      const { step } = await world.call(LoginServiceService.startLogin, {
        tenant: slug,
        loginName: user,
        password: userPassword,
        deviceLabel: 'a browser',
      });
      const browser = new Browser(issuer);
      browser.setCookie('ledgate', step?.done?.sessionToken ?? '');
      return browser;
    },
    stop: async () => {
      await world.close();
      folder.remove();
    },
  };
}

/** A client of the tenant itself that may do everything. */
const shop: ClientSettings = {
  name: 'Shop',
  redirectUris: [callback],
  postLogoutRedirectUris: ['http://127.0.0.1:9/bye'],
  grantTypes: everyGrant,
  scopes: everyScope,
  authMethod: 'client_secret_basic',
  jwks: '',
  pkceRequired: true,
  dpopRequired: false,
  parRequired: false,
  accessTokenTtlMs: 0n,
  refreshIdleMs: 0n,
  refreshAbsoluteMs: 0n,
  audiences: [{ id: audience, offline: false }],
  firstParty: true,
  backchannelLogoutUri: '',
};
