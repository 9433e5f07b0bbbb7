import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEmbeddedStore, type EmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { connect } from '#libs/grpc/connect.js';
import { createLogger } from '#libs/runtime/log.js';
import { Secret } from '#libs/runtime/secret.js';
import { AuthorizerServiceService as Authorizer } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { startAuthorizer, type RunningAuthorizer } from '#services/authorizer/main.js';
import { createAuthorizerKey } from '#services/ledgate/operate/authorizer-account.js';
import {
  clientOf,
  testConfig as authorizerConfig,
} from '../../support/authorizer/running-authorizer.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type Folder,
  type World,
} from '../../support/identity/running-identity.js';
import { adminPassword, setUpTenant } from '../../support/identity/tenant-setup.js';
import { freePorts } from '../../support/net/free-ports.js';

let folder: Folder;
let store: EmbeddedStore;
/** What keeps appends to ledger S from being made. */
let stopped: Promise<void> | undefined;
let goOn: () => void;
let world: World;
let authorizer: RunningAuthorizer;
let address: string;

/** Ledger S whose appends wait while it is stopped. */
function stoppable(log: EventLog): EventLog {
  return {
    name: log.name,
    append: async (values) => {
      await stopped;
      return log.append(values);
    },
    tail: (from, signal) => log.tail(from, signal),
    read: (position) => log.read(position),
    end: () => log.end(),
    start: () => log.start(),
    trim: (before) => log.trim(before),
    close: () => log.close(),
  };
}

function stop(): void {
  stopped = new Promise((resolve) => {
    goOn = () => {
      stopped = undefined;
      resolve();
    };
  });
}

beforeEach(async () => {
  folder = temporaryFolder();
  stopped = undefined;
  const [port] = await freePorts(1);
  address = `127.0.0.1:${port}`;
  store = openEmbeddedStore(join(folder.path, 'ledger'));
  await openIdentity();
  const bearer = readFileSync(join(folder.path, 'bootstrap-api-key'), 'utf8').trim();
  const connection = { address, credentials: undefined, allowPlaintext: false, bearer };
  const key = await createAuthorizerKey((client) => connect(client, connection));
  authorizer = await startAuthorizer(
    authorizerConfig({
      dataDir: folder.path,
      metricsAddress: '127.0.0.1:0',
      ledgerKey: new Secret(readFileSync(join(folder.path, 'keys', 'ledger.key'), 'utf8').trim()),
      identity: { address, credential: new Secret(key) },
      revocationFeeds: [address],
    }),
    {
      log: store.log('auth.ledger.v1'),
      sessionLog: store.log('auth.session.v1'),
      logger: createLogger({ service: 'authorizer', level: 'silent' }),
    },
  );
  await expect.poll(() => metric('ledgate_authorizer_revocation_feeds')).toBe(1);
});

async function openIdentity(): Promise<void> {
  const stores = {
    log: store.log('auth.ledger.v1'),
    sessionLog: stoppable(store.log('auth.session.v1')),
    vault: store.vault(),
  };
  world = await startWorld(testConfig(folder.path, { address }), stores);
}

afterEach(async () => {
  goOn?.();
  await authorizer.close();
  await world.close();
  await store.close();
  folder.remove();
});

async function metric(name: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${authorizer.metricsPort}/metrics`);
  const line = (await answer.text()).split('\n').find((one) => one.startsWith(`${name}{`));
  return Number(line?.split(' ').at(-1));
}

async function decisionOn(value: string, caller: string): Promise<boolean | undefined> {
  const client = clientOf(authorizer.address);
  const credential = { credential: { $case: 'bearerToken' as const, value } };
  const { authenticated } = await client.call(
    Authorizer.authenticate,
    { credential, consistency: undefined },
    caller,
  );
  client.close();
  return authenticated;
}

it('a revocation that the ledger does not take is answered and heeded, survives a restart, and follows', async () => {
  const tenant = await setUpTenant(world, 'acme');
  const login = { tenant: 'acme', loginName: 'admin', password: adminPassword };
  const { step } = await world.call(Logins.startLogin, login);
  const { sessionToken = '', sessionId = '', principalId = '' } = step?.done ?? {};
  const { accessToken } = await world.call(Tokens.issueToken, {}, sessionToken);
  const other = await world.call(Tokens.issueToken, {}, sessionToken);
  const caller = tenant.admin;
  await expect.poll(() => decisionOn(accessToken, caller)).toBe(true);
  expect(await decisionOn(sessionToken, caller)).toBe(true);

  stop();
  await world.call(Tokens.revokeToken, { token: accessToken });
  await expect.poll(() => decisionOn(accessToken, caller)).toBe(false);
  expect(await decisionOn(other.accessToken, caller)).toBe(true);
  await world.call(Sessions.endSession, { principalId, sessionId }, caller);
  await expect.poll(() => decisionOn(other.accessToken, caller)).toBe(false);
  expect(await decisionOn(sessionToken, caller)).toBe(false);
  expect(await metric('ledgate_authorizer_early_denies')).toBe(2);
  await expect(world.call(Tokens.issueToken, {}, sessionToken)).rejects.toThrow();

  // As after a kill: what was promised is in the journal only.
  const endBefore = await store.log('auth.session.v1').end();
  const journal = join(folder.path, 'held-revocations.jsonl');
  expect(readFileSync(journal, 'utf8').trim().split('\n')).toHaveLength(2);
  goOn();
  await expect.poll(() => readFileSync(journal, 'utf8')).toBe('');
  expect(await store.log('auth.session.v1').end()).toBeGreaterThan(endBefore);
  expect(await decisionOn(accessToken, caller)).toBe(false);
});
