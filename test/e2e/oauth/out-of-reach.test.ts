import * as openid from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import { AppendFailed, type EventLog } from '#libs/ledger/event-log.js';
import { ledgerName } from '#libs/ledger/ledger-place.js';
import { temporaryFolder, testConfig } from '../../support/identity/running-identity.js';
import { cellKeys } from '../../support/identity/session-instance.js';
import { startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';
import { authorize, claimsIn, codeFlow, discover } from './flows.js';

const folder = temporaryFolder();
const store = openEmbeddedStore(folder.path);
/** False: nothing can be appended to ledger S. */
let reachable = true;
let cell: OauthCell;

beforeAll(async () => {
  const config = testConfig(folder.path, cellKeys);
  const stores = {
    log: store.log(ledgerName(config)),
    sessionLog: breakable(store.log(ledgerName(config, 'S'))),
    vault: store.vault(),
  };
  cell = await startOauthCell('far', cellKeys, { ...stores, bootstrap: true });
});
afterAll(async () => {
  reachable = true;
  await cell.stop();
  await store.close();
  folder.remove();
});

function breakable(log: EventLog): EventLog {
  return {
    name: log.name,
    append: (values) =>
      reachable ? log.append(values) : Promise.reject(new AppendFailed('none', 'out of reach')),
    tail: (from, signal) => log.tail(from, signal),
    read: (position) => log.read(position),
    end: () => log.end(),
    start: () => log.start(),
    trim: (before) => log.trim(before),
    close: () => log.close(),
  };
}

async function outOfReach<T>(work: () => Promise<T>): Promise<T> {
  reachable = false;
  try {
    return await work();
  } finally {
    reachable = true;
  }
}

const mark = (token: string) => (claimsIn(token)['lg'] as Record<string, unknown>)['x'];

test('a refresh goes on while ledger S takes nothing: marked, and no generation is used up', async () => {
  const config = await discover(cell, await cell.registerClient());
  const first = await codeFlow(cell, config, await cell.browserOf('alice'));
  const refresh = (from: openid.TokenEndpointResponse) =>
    openid.refreshTokenGrant(config, from.refresh_token ?? '');
  expect(mark(first.access_token)).toBeUndefined();
  const marked = await outOfReach(() => refresh(first));
  expect(mark(marked.access_token)).toBe(1);
  expect(marked).toHaveProperty('id_token');
  const after = await refresh(marked);
  expect(mark(after.access_token)).toBeUndefined();
});

test('a code is not lost: its client hears to try again, and does', async () => {
  const config = await discover(cell, await cell.registerClient());
  const { back, verifier } = await authorize(config, await cell.browserOf('alice'));
  const redeem = () =>
    openid.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: 'state',
      expectedNonce: 'nonce',
    });
  await expect(outOfReach(redeem)).rejects.toMatchObject({ cause: { status: 503 } });
  expect(await redeem()).toHaveProperty('refresh_token');
});

test('a refresh token whose revocation is held is worth nothing, and said to be', async () => {
  const config = await discover(cell, await cell.registerClient());
  const { refresh_token: token = '' } = await codeFlow(cell, config, await cell.browserOf('bob'));
  await outOfReach(async () => {
    expect(await openid.tokenIntrospection(config, token)).toMatchObject({ active: true });
    await openid.tokenRevocation(config, token);
    expect(await openid.tokenIntrospection(config, token)).toEqual({ active: false });
    await expect(openid.refreshTokenGrant(config, token)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});

test('clients by secret get tokens of their own, what is revoked is held', async () => {
  const config = await discover(cell, await cell.registerClient());
  const { access_token } = await codeFlow(cell, config, await cell.browserOf('bob'));
  await outOfReach(async () => {
    const own = await openid.clientCredentialsGrant(config, { scope: 'orders:read' });
    expect(mark(own.access_token)).toBeUndefined();
    await openid.tokenRevocation(config, access_token);
    expect(await openid.tokenIntrospection(config, access_token)).toEqual({ active: false });
  });
});
