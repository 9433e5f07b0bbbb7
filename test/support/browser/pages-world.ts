import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '#libs/runtime/clock.js';
import { ClientKind, ClientServiceService } from '#proto/ledgate/identity/v1/client.js';
import { FactorKind } from '#proto/ledgate/identity/v1/login.js';
import {
  FactorDemand,
  TenantServiceService,
  type TenantSettings,
} from '#proto/ledgate/identity/v1/tenant.js';
import type { OutboxMessage } from '#services/identity/adapters/delivery/dev-outbox.js';
import { freeAddress } from '#services/ledgate/operate/service-process.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../identity/running-identity.js';
import { setUpTenant, setUpUser } from '../identity/tenant-setup.js';

export const userPassword = 'seven quiet lanterns';

/** Identity with its pages, a tenant that takes everything, and a mailbox. */
export interface PagesWorld {
  readonly world: World;
  /** Origin of the pages. */
  readonly origin: string;
  /** Time as identity sees it; it can be moved on. */
  readonly clock: Clock & { passMs: number };
  /** The newest mail to an address, once there is one more than was asked for before. */
  mailTo(address: string): Promise<OutboxMessage>;
  /** A client of the tenant, with a server behind its redirect URI that says what it was told. */
  readonly client: { readonly id: string; readonly redirectUri: string };
  close(): Promise<void>;
}

export async function startPagesWorld(): Promise<PagesWorld> {
  const folder = temporaryFolder();
  const address = await freeAddress();
  const origin = `http://localhost:${address.split(':')[1]}`;
  const clock = { ...systemClock, passMs: 0, wallMs: () => Date.now() + clock.passMs };
  const mails: OutboxMessage[] = [];
  const read = new Map<string, number>();
  const world = await startWorld(
    testConfig(folder.path, { httpAddress: address, issuer: origin, delivery: { outbox: true } }),
    { clock, onOutbox: (message) => void mails.push(message) },
  );
  await setUpAcme(world);
  const listener = await listen();
  const client = await registerClient(world, listener);
  return {
    world,
    origin,
    clock,
    client,
    mailTo: async (to) => {
      const before = read.get(to) ?? 0;
      for (let tries = 0; tries < 200; tries += 1) {
        const found = mails.filter((mail) => mail.to === to);
        const next = found[before];
        if (next !== undefined) {
          read.set(to, before + 1);
          return next;
        }
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`no mail to ${to}`);
    },
    close: async () => {
      await world.close();
      await new Promise((resolve) => listener.close(resolve));
      folder.remove();
    },
  };
}

const setups = new WeakMap<World, { readonly admin: string; readonly tenantId: string }>();

const everyKind = [
  FactorKind.FACTOR_KIND_TOTP,
  FactorKind.FACTOR_KIND_PASSKEY,
  FactorKind.FACTOR_KIND_SMS,
  FactorKind.FACTOR_KIND_EMAIL,
  FactorKind.FACTOR_KIND_RECOVERY_CODE,
];
const { FACTOR_DEMAND_NOBODY: nobody, FACTOR_DEMAND_EVERYBODY: everybody } = FactorDemand;

/** `acme` takes every factor and lets people sign up; `vault` demands a second factor of everybody. */
async function setUpAcme(world: World): Promise<void> {
  const { admin, tenantId } = await setUpTenant(world, 'acme');
  setups.set(world, { admin, tenantId });
  const factors = { allowed: everyKind, requiredFor: nobody, rememberDevicesDays: 30 };
  await change(world, admin, { selfSignUp: true, factors });
  const strict = await setUpTenant(world, 'vault');
  await setUpUser(world, strict.admin, 'vera', userPassword);
  await change(world, strict.admin, {
    factors: { allowed: everyKind, requiredFor: everybody, rememberDevicesDays: 0 },
  });
}

async function change(world: World, admin: string, settings: TenantSettings): Promise<void> {
  const method = TenantServiceService.updateTenantSettings;
  await world.call(method, { settings }, admin);
}

async function listen(): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    const page = `<!doctype html><html lang="en"><title>Order desk</title>
      <link rel="icon" href="data:,"><main><h1>Order desk</h1><p id="told">${request.url ?? ''}</p>`;
    response.end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function registerClient(world: World, listener: Server): Promise<PagesWorld['client']> {
  const { admin } = setups.get(world) ?? { admin: '' };
  const redirectUri = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/callback`;
  const empty = { postLogoutRedirectUris: [], jwks: '' };
  const settings = {
    ...empty,
    name: 'Order desk',
    redirectUris: [redirectUri],
    audiences: [{ id: 'https://orders.ledgate.test', offline: false }],
    grantTypes: ['authorization_code'],
    scopes: ['openid', 'profile'],
    authMethod: 'none',
    pkceRequired: undefined,
    dpopRequired: false,
    parRequired: false,
    accessTokenTtlMs: 0n,
    refreshIdleMs: 0n,
    refreshAbsoluteMs: 0n,
    firstParty: false,
    backchannelLogoutUri: '',
  };
  const request = { kind: ClientKind.CLIENT_KIND_BROWSER, settings: settings as never };
  const { clientId } = await world.call(ClientServiceService.registerClient, request, admin);
  return { id: clientId, redirectUri };
}
