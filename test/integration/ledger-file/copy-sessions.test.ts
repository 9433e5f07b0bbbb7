import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEmbeddedStore, type EmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import { parseLedgerSecrets } from '#libs/ledger/ledger-secrets.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { Secret } from '#libs/runtime/secret.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { copyLedger } from '#services/ledgate/operate/ledger-file/copy-ledger.js';
import { copySessions } from '#services/ledgate/operate/ledger-file/copy-sessions.js';
import { verifyLedger } from '#services/ledgate/operate/verify.js';
import { startWorld, testConfig, type World } from '../../support/identity/running-identity.js';
import { adminPassword, setUpTenant } from '../../support/identity/tenant-setup.js';

const secret = new Secret('7c3d'.repeat(15) + 'c2d3');
const keys = { masterKey: new Secret('5e1f'.repeat(15) + 'a0b1'), ledgerKey: secret };
const keysOf = (ledger: string): MacKeys => new MacKeys(ledger, parseLedgerSecrets(secret));

let folder: string;
const stores: EmbeddedStore[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgate-copy-'));
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

function place(name: string) {
  const dataDir = join(folder, name);
  const store = openEmbeddedStore(join(dataDir, 'ledger'));
  stores.push(store);
  const log = store.log('auth.ledger.v1');
  const sessionLog = store.log('auth.session.v1');
  return { dataDir, log, sessionLog, vault: store.vault() };
}

type Place = ReturnType<typeof place>;

function serve({ dataDir, ...logs }: Place, more = {}): Promise<World> {
  return startWorld(testConfig(dataDir, keys), { ...logs, bootstrap: true, ...more });
}

/** Two sessions, and a revoked access token of the first. */
async function logInTwice(world: World) {
  await setUpTenant(world, 'acme');
  const login = { tenant: 'acme', loginName: 'admin', password: adminPassword };
  const [first, second] = [
    (await world.call(Logins.startLogin, login)).step?.done,
    (await world.call(Logins.startLogin, login)).step?.done,
  ];
  if (first === undefined || second === undefined) throw new Error('both logged in');
  const { accessToken: revoked } = await world.call(Tokens.issueToken, {}, first.sessionToken);
  await world.call(Tokens.revokeToken, { token: revoked });
  return { first, second, revoked };
}

it('a copy takes sessions along, and what was revoked stays revoked', async () => {
  const [from, to] = [place('from'), place('to')];
  const old = await serve(from);
  const { first, second, revoked } = await logInTwice(old);
  const successor = 'there';
  await copyLedger({ from: { ...from, macKeys: keysOf('auth.ledger.v1') }, to, successor });
  const macKeys = keysOf('auth.session.v1');
  const position = await copySessions({ from, to, macKeys, successor });
  expect(await to.sessionLog.end()).toBe(position + 1);
  const { principalId, sessionId } = first;
  const late = old.call(Sessions.endSession, { principalId, sessionId }, second.sessionToken);
  await expect(late).rejects.toThrow('sealed');
  await old.close();

  const world = await serve(to);
  const { accessToken } = await world.call(Tokens.issueToken, {}, first.sessionToken);
  const introspect = (token: string) =>
    world.call(Tokens.introspectToken, { token }, accessToken).then(({ active }) => active);
  expect(await introspect(accessToken)).toBe(true);
  expect(await introspect(revoked)).toBe(false);
  const end = { principalId: second.principalId, sessionId: second.sessionId };
  await world.call(Sessions.endSession, end, accessToken);
  await world.close();
  const verified = await verifyLedger(to.sessionLog, macKeys);
  expect(verified.findings).toEqual([]);
  expect(verified.events).toMatchObject({ SessionStarted: 2, TokenRevoked: 1, SessionEnded: 1 });
});

it('a restore of L beside an S that is still there ends every session in it', async () => {
  const [from, to] = [place('from'), place('to')];
  const old = await serve(from);
  const { first } = await logInTwice(old);
  await old.close();
  // The backup of L is taken back; the topic of S has been there all the time.
  const macKeys = keysOf('auth.ledger.v1');
  const copied = await copyLedger({ from: { ...from, macKeys }, to, successor: 'there' });
  const restored = { ...to, sessionLog: from.sessionLog, dataDir: join(folder, 'restored') };
  const reopen = { position: copied.position, chain: copied.chain };
  const world = await serve(restored, { bootstrap: false, reopen });
  await expect(world.call(Tokens.issueToken, {}, first.sessionToken)).rejects.toThrow();
  const { step } = await world.call(Logins.startLogin, {
    tenant: 'acme',
    loginName: 'admin',
    password: adminPassword,
  });
  const { sessionToken = '' } = step?.done ?? {};
  await expect(world.call(Tokens.issueToken, {}, sessionToken)).resolves.toBeDefined();
  await world.close();
});
