import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { ensureTopics, topicSpecs } from '#libs/ledger/kafka/topics.js';
import {
  ClientKind,
  ClientServiceService as Clients,
  ClientSettings,
} from '#proto/ledgate/identity/v1/client.js';
import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import { FactorKind } from '#proto/ledgate/identity/v1/login.js';
import {
  FactorDemand,
  TenantServiceService as Tenants,
  TenantSettings,
} from '#proto/ledgate/identity/v1/tenant.js';
import { useAssertion } from '#services/identity/app/assertions.js';
import { issueCode, redeemCode } from '#services/identity/app/authorization-codes.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { answerFactor, chooseFactor } from '#services/identity/app/login/answer-factor.js';
import { beginLogin } from '#services/identity/app/login/begin-login.js';
import type { FactorAnswer } from '#services/identity/app/login/check-factor.js';
import { finishLogin } from '#services/identity/app/login/finish-login.js';
import {
  finishPasskeyLogin,
  startPasskeyLogin,
} from '#services/identity/app/login/passkey-login.js';
import type { VerifiedLogin } from '#services/identity/app/login/verified-login.js';
import { rotateFamily, startFamily } from '#services/identity/app/refresh-families.js';
import { startSession } from '#services/identity/app/sessions.js';
import { rounds } from '../../chaos/effort.js';
import {
  codeOf,
  enrolPasskey,
  enrolTotp,
  passwordLogin,
  startLoginWorld,
  totpLogin,
  type LoginWorld,
  type Person,
} from '../../support/identity/login-world.js';
import { temporaryFolder, testConfig } from '../../support/identity/running-identity.js';
import {
  cellKeys,
  openInstance,
  verified,
  type SessionInstance,
} from '../../support/identity/session-instance.js';
import { adminPassword, setUpTenant, setUpUser } from '../../support/identity/tenant-setup.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';

/** Of each thing at once; half of them at each of two instances. */
const uses = 200;
/** `CHAOS=long`: 100 rounds of each. */
const times = rounds.length > 1 ? 100 : 2;
const halfAnHour = 1_800_001;
vi.setConfig({ testTimeout: times * 60_000 });
const password = 'seven slow harbours';

const shop = ClientSettings.fromPartial({
  name: 'Shop',
  redirectUris: ['https://app.example/cb'],
  grantTypes: ['authorization_code', 'refresh_token'],
  scopes: ['openid'],
  authMethod: 'client_secret_basic',
});

type Use = (parts: IdentityParts) => Promise<unknown>;

describeOnKafka('200 uses at once at two instances', (brokers) => {
  const folders = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  let world: LoginWorld;
  let one: SessionInstance;
  let two: SessionInstance;
  let admin = '';
  let clientId = '';

  beforeAll(async () => {
    const topicPrefix = `cell-${randomUUID()}`;
    await ensureTopics(
      { brokers },
      topicSpecs({ prefix: topicPrefix, replicationFactor: brokers.length }),
    );
    const place = { ...cellKeys, log: 'kafka', kafkaBrokers: brokers, topicPrefix } as const;
    const [first, second, third] = folders.map(({ path }) => path) as [string, string, string];
    world = await startLoginWorld(first, place, { bootstrap: true });
    const { clock } = world;
    const outbox = { delivery: { outbox: true } } as const;
    const onOutbox = (message: (typeof world.messages)[number]): void =>
      void world.messages.push(message);
    const shared = { clock, onOutbox };
    one = await openInstance(testConfig(second, { ...place, ...outbox }), shared);
    two = await openInstance(testConfig(third, { ...place, ...outbox }), shared);
    ({ admin } = await setUpTenant(world, 'acme'));
    const everything = [1, 2, 3, 4, 5] as FactorKind[];
    const nobody = FactorDemand.FACTOR_DEMAND_NOBODY;
    const factors = { allowed: everything, requiredFor: nobody, rememberDevicesDays: 0 };
    const settings = TenantSettings.fromPartial({ factors });
    await world.call(Tenants.updateTenantSettings, { settings }, admin);
    const kind = ClientKind.CLIENT_KIND_WEB;
    ({ clientId } = await world.call(Clients.registerClient, { kind, settings: shop }, admin));
    for (const user of ['app', 'mail', 'codes', 'key']) {
      await setUpUser(world, admin, user, password);
    }
  });
  afterAll(async () => {
    for (const it of [one, two, world]) await it.close();
    for (const folder of folders) folder.remove();
  });

  const person = (loginName: string): Person => ({ tenant: 'acme', loginName, password });

  /** What became of them all: the values of those that succeeded. */
  async function race(use: Use): Promise<unknown[]> {
    const results = await Promise.allSettled(
      Array.from({ length: uses }, (_, at) => use(at % 2 === 0 ? one.parts : two.parts)),
    );
    const reasons = results.map((it) => (it.status === 'rejected' ? reasonOf(it.reason) : ''));
    expect(['', ...refusals]).toEqual(expect.arrayContaining(reasons));
    return results.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
  }

  /** Both have seen what was written up to now. */
  async function seen(): Promise<void> {
    const all = [one, two].flatMap(({ parts }) => [parts.ledger, parts.sessions]);
    await Promise.all(all.map((ledger) => ledger.seeEnd(5000)));
  }

  async function session() {
    return startSession(one.parts, await verified(one, 'acme', 'admin', adminPassword));
  }

  /** The right password; what comes next is the second factor. */
  async function ticketOf({ parts }: SessionInstance, loginName: string): Promise<string> {
    const stand = await beginLogin(parts, {
      ...person(loginName),
      source: '127.0.0.1',
      deviceToken: '',
      label: 'a browser',
      signal: AbortSignal.timeout(10_000),
    });
    if (!('ticket' in stand)) throw new Error('no second factor is asked for');
    return stand.ticket;
  }

  const finish = (parts: IdentityParts, login: VerifiedLogin) =>
    finishLogin(parts, login, { source: { address: '', agent: '' }, remember: false });

  async function answers(ticket: string, answer: FactorAnswer): Promise<Use> {
    await seen();
    return async (parts) => finish(parts, await answerFactor(parts, ticket, answer));
  }

  it('of an authorization code: one family', async () => {
    for (let round = 0; round < times; round += 1) {
      const begun = await session();
      const redirectUri = 'https://app.example/cb';
      const grant = { client: clientId, scopes: ['openid'], audience: 'a' };
      const issue = { session: begun.session, redirectUri, ...grant };
      const { code } = await issueCode(one.parts, issue);
      await seen();
      const { tenant } = begun.session;
      const won = await race((parts) => redeemCode(parts, { tenant, code, ...grant }));
      expect(won).toHaveLength(1);
    }
  });

  it('of a refresh token: one rotation, and one next token', async () => {
    for (let round = 0; round < times; round += 1) {
      const begun = await session();
      const grant = { client: '', scopes: [], audience: 'a' };
      const { refreshToken, family } = await startFamily(one.parts, {
        session: begun.session,
        ...grant,
      });
      await seen();
      const won = await race((parts) => rotateFamily(parts, { refreshToken, client: '' }));
      const answered = won as Awaited<ReturnType<typeof rotateFamily>>[];
      expect(new Set(answered.map((it) => it.refreshToken)).size).toBe(1);
      expect(answered[0]?.refreshToken).not.toBe(refreshToken);
      expect(answered.every((it) => it.family.generation === family.generation + 1)).toBe(true);
      world.later(10_001);
      const late = rotateFamily(two.parts, { refreshToken, client: '' });
      await expect(late).rejects.toMatchObject({ reason: 'GRANT_REJECTED' });
      await seen();
      const next = { refreshToken: answered[0]?.refreshToken ?? '', client: '' };
      await expect(rotateFamily(one.parts, next)).rejects.toMatchObject({
        reason: 'GRANT_REJECTED',
      });
    }
  });

  it('of a client assertion: one', async () => {
    for (let round = 0; round < times; round += 1) {
      const expiresAtMs = world.clock.wallMs() + 60_000;
      const who = { tenant: 'system', client: 'app', principal: 'p', jti: randomUUID() };
      expect(await race((parts) => useAssertion(parts, { ...who, expiresAtMs }))).toHaveLength(1);
    }
  });

  it('of a step of an authenticator app: one session', async () => {
    const { sessionToken } = await passwordLogin(world, person('app'));
    const { seed } = await enrolTotp(world, sessionToken);
    for (let round = 0; round < times; round += 1) {
      world.later(halfAnHour);
      const tickets = [await ticketOf(one, 'app'), await ticketOf(two, 'app')];
      await seen();
      const answer = { kind: 'CODE', code: codeOf(world, seed), credential: '' } as const;
      let at = 0;
      const won = await race(async (parts) => {
        at += 1;
        return finish(parts, await answerFactor(parts, tickets[(at >> 1) % 2] ?? '', answer));
      });
      expect(won).toHaveLength(1);
    }
  });

  it('of a mailed code: one session', async () => {
    const { sessionToken } = await passwordLogin(world, person('mail'));
    const address = 'mail@example.org';
    const kind = FactorKind.FACTOR_KIND_EMAIL;
    const { ticket } = await world.call(Factors.startOtpChannel, { kind, address }, sessionToken);
    const sent = await world.messageTo(address, 'VERIFY_ADDRESS');
    const confirm = { ticket, code: codeIn(sent) };
    const { enrolled } = await world.call(Factors.confirmOtpChannel, confirm, sessionToken);
    for (let round = 0; round < times; round += 1) {
      world.later(halfAnHour);
      await seen();
      const begun = await ticketOf(one, 'mail');
      world.messages.length = 0;
      const chosen = await chooseFactor(one.parts, begun, enrolled?.credentialId ?? '');
      const code = codeIn(await world.messageTo(address, 'LOGIN_CODE'));
      const use = await answers(chosen.ticket, { kind: 'CODE', code, credential: '' });
      expect(await race(use)).toHaveLength(1);
    }
  });

  it('of a recovery code: one session', async () => {
    const who = person('codes');
    const begun = await passwordLogin(world, who);
    const { seed } = await enrolTotp(world, begun.sessionToken);
    let codes: string[] = [];
    for (let round = 0; round < times; round += 1) {
      world.later(halfAnHour);
      if (codes.length === 0) {
        const { sessionToken } = await totpLogin(world, who, seed);
        ({ codes } = await world.call(Factors.generateRecoveryCodes, {}, sessionToken));
        world.later(halfAnHour);
      }
      await seen();
      const code = codes.pop() ?? '';
      const use = await answers(await ticketOf(one, 'codes'), { kind: 'RECOVERY_CODE', code });
      expect(await race(use)).toHaveLength(1);
    }
  });

  it('of the challenge of a passkey: one session', async () => {
    const { sessionToken } = await passwordLogin(world, person('key'));
    const { device } = await enrolPasskey(world, sessionToken);
    for (let round = 0; round < times; round += 1) {
      await seen();
      const { ticket, passkeyOptions } = await startPasskeyLogin(one.parts, 'a browser');
      const claim = { ticket, tenant: 'acme', json: device.get(passkeyOptions) };
      const won = await race(async (parts) =>
        finish(parts, await finishPasskeyLogin(parts, claim)),
      );
      expect(won).toHaveLength(1);
    }
  });
});

function reasonOf(thrown: unknown): string {
  return thrown instanceof Failure ? thrown.reason : String(thrown);
}

function codeIn({ text }: { readonly text: string }): string {
  return /\b\d{6,10}\b/u.exec(text)?.[0] ?? '';
}

/** What those that came too late are told. */
const refusals = [
  'ALREADY_USED',
  'GRANT_REJECTED',
  'CREDENTIALS_REJECTED',
  'LIMIT_REACHED',
  'WRONG_STATE',
  'NOT_FOUND',
];
