import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventLog } from '#libs/ledger/event-log.js';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import { SimulatedVault } from '#libs/ledger/simulated/simulated-vault.js';
import { sleep, systemClock } from '#libs/runtime/clock.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { cellKeys } from '../../support/identity/session-instance.js';
import {
  startOauthCell,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import { codeFor, post, redeem, type Fields } from '../security/raw-oauth.js';

const maxStalenessMs = 1_500;
const wallMs = (): number => systemClock.wallMs();
const store = new SimulatedStore(wallMs);
const log = new SimulatedLog('auth.ledger.v1', store, systemClock);
/** True: nothing of ledger L is read. */
let held = false;
/** True: nothing of it is read again from its beginning. */
let heldAnew = false;
let cell: OauthCell;
let shop: RegisteredClient;
let code: string;
let given: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  const sessionLog = new SimulatedLog('auth.sessions.v1', new SimulatedStore(wallMs), systemClock);
  const stores = { log: holding(log), sessionLog, vault: new SimulatedVault() };
  cell = await startOauthCell(
    'touch',
    { ...cellKeys, maxStalenessMs },
    { ...stores, bootstrap: true },
  );
  shop = await cell.registerClient();
  const browser = await cell.browserOf('alice');
  const first = await codeFor(shop.clientId, browser);
  given = (await post(cell, '/oauth/token', redeem(first), shop)).body;
  code = await codeFor(shop.clientId, browser);
});
afterAll(async () => {
  held = false;
  heldAnew = false;
  await cell.stop();
});

const isHeld = (from: number): boolean => held || (heldAnew && from === 0);

function holding(of: EventLog): EventLog {
  return {
    name: of.name,
    append: (values) => of.append(values),
    async *tail(from, signal) {
      for await (const batch of of.tail(from, signal)) {
        while (isHeld(from) && !signal.aborted) await sleep(systemClock, 5);
        yield batch;
      }
    },
    read: (position) => of.read(position),
    end: () => of.end(),
    start: () => of.start(),
    trim: (before) => of.trim(before),
    close: () => of.close(),
  };
}

const ask = (fields: Fields, path = '/oauth/token') => post(cell, path, fields, shop);
const own = { grant_type: 'client_credentials', scope: 'orders:read' };
const exchange = () => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: String(given['access_token']),
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
});
const introspection = () => ({ token: String(given['access_token']) });
const later = { status: 503, body: { error: 'temporarily_unavailable' } };
const fine = { status: 200 };

async function until(status: number): Promise<void> {
  while ((await ask(own)).status !== status) await sleep(systemClock, 20);
}

test('what is older than is allowed answers nothing new, and uses no code up', async () => {
  held = true;
  await until(503);
  expect(await ask(own)).toMatchObject(later);
  expect(await ask(exchange())).toMatchObject(later);
  expect(await ask(redeem(code))).toMatchObject(later);
  expect(await ask(introspection(), '/oauth/introspect')).toMatchObject(later);
  held = false;
  await until(200);
  expect(await ask(redeem(code))).toMatchObject(fine);
  expect(await ask(introspection(), '/oauth/introspect')).toMatchObject(fine);
});

test('while its history is read anew nobody is told anything, and no client is unknown', async () => {
  const { position } = await cell.world.call(Ledger.getStatus, {}, cell.world.root);
  const lost = await cell.registerClient({ name: 'lost' });
  heldAnew = true;
  store.cut(Number(position) + 1);
  log.disconnect();
  await until(503);
  for (const client of [shop, lost]) {
    expect(await post(cell, '/oauth/token', own, client)).toMatchObject(later);
    const asked = await post(cell, '/oauth/introspect', introspection(), client);
    expect(asked).toMatchObject(later);
    expect(await post(cell, '/oauth/revoke', { token: 'x' }, client)).toMatchObject(later);
  }
  expect((await fetch(`${cell.issuer}/oauth/jwks`)).status).toBe(503);
  heldAnew = false;
  await until(200);
  expect(await post(cell, '/oauth/token', own, lost)).toMatchObject({ status: 401 });
});
