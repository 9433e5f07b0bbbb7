import { status, type ServiceError } from '@grpc/grpc-js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MacKeys } from '#libs/ledger/mac.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { isApiKey } from '#libs/tokens/api-key.js';
import {
  AuthorizerServiceService as authorizing,
  type AuthorizeResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { CredentialServiceService as credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as grants } from '#proto/ledgate/identity/v1/grant.js';
import { LoginServiceService as logins } from '#proto/ledgate/identity/v1/login.js';
import { PrincipalServiceService as principals } from '#proto/ledgate/identity/v1/principal.js';
import { RoleServiceService as roles } from '#proto/ledgate/identity/v1/role.js';
import { SessionServiceService as sessions } from '#proto/ledgate/identity/v1/session.js';
import { TokenServiceService as tokens } from '#proto/ledgate/identity/v1/token.js';
import { verifyLedger } from '#services/ledgate/operate/verify.js';
import { describeWithBrokerControl } from '../support/kafka/describe-on-kafka.js';
import { foundTenant } from './administration.js';
import { report } from './effort.js';
import { tenant } from './holding.js';
import { KafkaCell } from './kafka-cell.js';

const ALLOW = 1;
const DENY = 2;
const password = 'purple lighthouse umbrella';
/** Ten minutes with `CHAOS=long`, as the limits of production would meet it. */
const outageMs = process.env['CHAOS'] === 'long' ? 600_000 : 20_000;

interface Holder {
  readonly sessionToken: string;
  readonly sessionId: string;
  readonly principalId: string;
  accessToken: string;
  refreshToken: string;
  readonly credentialId: string;
  readonly apiKey: string;
}

describeWithBrokerControl('Kafka stopped, people logged in', () => {
  let cell: KafkaCell;
  beforeAll(async () => {
    cell = await KafkaCell.found(
      {
        LEDGATE_SENSITIVE_STALENESS: '5s',
        LEDGATE_HARD_STALENESS: '20m',
      },
      undefined,
      { LEDGATE_MAX_STALENESS: '20m' },
      3,
    );
  });
  afterAll(() => cell.close());

  const identity = (i: number) => cell.identities[i]!.endpoint;

  async function holders(admin: string, count: number): Promise<Holder[]> {
    const permissions = ['orders:read', 'orders:refund'];
    const { roleId } = await identity(0).insist(
      roles.createRole,
      { name: 'both', permissions },
      admin,
    );
    const made: Holder[] = [];
    for (let n = 0; n < count; n += 1) {
      const { principalId } = await identity(0).insist(
        principals.createUser,
        { username: `user-${n}`, password },
        admin,
      );
      await identity(0).insist(grants.grantRole, { principalId, roleId }, admin);
      const request = { tenant, loginName: `user-${n}`, password, deviceLabel: 'a test' };
      const { step } = await identity(0).insist(logins.startLogin, request, '');
      const { sessionToken = '', sessionId = '' } = step?.done ?? {};
      // So long that its end in the outage is told from its expiry.
      const wanted = { withRefreshToken: true, ttlMs: 3_600_000n };
      const { accessToken, refreshToken } = await identity(0).insist(
        tokens.issueToken,
        wanted,
        sessionToken,
      );
      const key = { principalId, name: 'batch' };
      const { credentialId, apiKey } = await identity(0).insist(
        credentials.createApiKey,
        key,
        admin,
      );
      const byToken = { accessToken, refreshToken };
      made.push({ sessionToken, sessionId, principalId, ...byToken, credentialId, apiKey });
    }
    return made;
  }

  /** What each authorizer says of a token or API key; `undefined`: it cannot decide. */
  function decisions(shown: string, action: string, caller: string) {
    const $case = isApiKey(shown) ? ('apiKey' as const) : ('bearerToken' as const);
    const value = { credential: { $case, value: shown } };
    const who = { $case: 'credential' as const, value };
    const question = { who, action, resource: 'orders/1' };
    return Promise.all(
      cell.authorizers.map(async ({ endpoint }) => {
        try {
          const answer: AuthorizeResponse = await endpoint.call(
            authorizing.authorize,
            question,
            caller,
            2_000,
          );
          return answer.decision;
        } catch (error) {
          if ((error as ServiceError).code !== status.UNAVAILABLE) throw error;
          return undefined;
        }
      }),
    );
  }

  /** Time from the answer of a revocation until both authorizers deny, ms. */
  async function untilDenied(shown: string, caller: string): Promise<number> {
    const fromMs = performance.now();
    await expect
      .poll(() => decisions(shown, 'orders:read', caller), { timeout: 5_000, interval: 5 })
      .toEqual([DENY, DENY]);
    return performance.now() - fromMs;
  }

  it('they go on, SENSITIVE refuses, revocations bite at once, nothing is lost after', async () => {
    const admin = await foundTenant(identity(0), cell.root);
    const [alice, bob, carol, dave, erin, frank] = await holders(admin, 6);
    if (!alice || !bob || !carol || !dave || !erin || !frank) throw new Error('six log in');
    for (const { accessToken, apiKey } of [alice, bob, carol, dave, erin, frank]) {
      for (const shown of [accessToken, apiKey]) {
        await expect
          .poll(() => decisions(shown, 'orders:refund', admin), { timeout: 5_000 })
          .toEqual([ALLOW, ALLOW]);
      }
    }
    const stoppedAtMs = performance.now();
    cell.broker.control.pause();
    await sleep(12_000);

    // A refresh is answered without the ledger: the token is marked, the next one is the same.
    const refreshed = await identity(1).call(
      tokens.refreshToken,
      { refreshToken: alice.refreshToken },
      '',
    );
    expect(refreshed.outage).toBe(true);
    expect(await decisions(refreshed.accessToken, 'orders:read', admin)).toEqual([ALLOW, ALLOW]);
    expect(await decisions(refreshed.accessToken, 'orders:refund', admin)).not.toContain(ALLOW);
    expect(await decisions(dave.accessToken, 'orders:refund', admin)).toEqual([
      undefined,
      undefined,
    ]);

    // What ends things is answered, and heeded everywhere, before any broker has it.
    const end = { principalId: bob.principalId, sessionId: bob.sessionId };
    await identity(0).call(sessions.endSession, end, admin);
    const ofSession = await untilDenied(bob.accessToken, admin);
    await expect(
      identity(0).call(tokens.refreshToken, { refreshToken: bob.refreshToken }, ''),
    ).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    await identity(1).call(tokens.revokeToken, { token: carol.accessToken }, '');
    const ofToken = await untilDenied(carol.accessToken, admin);

    // So is what stands in ledger L: somebody who is suspended, an API key that is revoked.
    const suspends = { principalId: erin.principalId };
    const { result } = await identity(1).call(principals.suspendPrincipal, suspends, admin);
    expect(result?.position).toBe(-1n);
    const ofPrincipal = await untilDenied(erin.accessToken, admin);
    expect(await decisions(erin.apiKey, 'orders:read', admin)).toEqual([DENY, DENY]);
    const logIn = { tenant, loginName: 'user-4', password };
    for (const refused of [
      identity(1).call(tokens.refreshToken, { refreshToken: erin.refreshToken }, ''),
      identity(1).call(tokens.login, logIn, ''),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    }
    const revokes = { credentialId: frank.credentialId };
    await identity(0).call(credentials.revokeApiKey, revokes, admin);
    const ofKey = await untilDenied(frank.apiKey, admin);
    const denied = async (): Promise<void> => {
      for (const { accessToken } of [bob, carol, erin]) {
        expect(await decisions(accessToken, 'orders:read', admin)).toEqual([DENY, DENY]);
      }
      expect(await decisions(frank.apiKey, 'orders:read', admin)).toEqual([DENY, DENY]);
    };

    // What was promised survives a kill.
    await cell.identities[1]!.process.kill();
    await sleep(Math.max(0, stoppedAtMs + outageMs - performance.now()));
    await denied();
    expect(await decisions(frank.accessToken, 'orders:read', admin)).toEqual([ALLOW, ALLOW]);
    expect(await decisions(dave.accessToken, 'orders:read', admin)).toEqual([ALLOW, ALLOW]);
    const late = await identity(0).call(
      tokens.refreshToken,
      { refreshToken: dave.refreshToken },
      '',
    );
    expect(late.outage).toBe(true);
    expect(await decisions(late.accessToken, 'orders:read', admin)).toEqual([ALLOW, ALLOW]);
    cell.broker.control.resume();
    await cell.identities[1]!.start();

    const resumedAtMs = performance.now();
    await expect.poll(eventsOfBoth, { timeout: 60_000 }).toEqual(
      expect.arrayContaining([
        ['SessionEnded', 1],
        ['TokenRevoked', 1],
        ['PrincipalSuspended', 1],
        ['ApiKeyRevoked', 1],
      ]),
    );
    const followedMs = performance.now() - resumedAtMs;
    await expect
      .poll(() => decisions(dave.accessToken, 'orders:refund', admin), { timeout: 20_000 })
      .toEqual([ALLOW, ALLOW]);
    await denied();
    // What was suspended early can be resumed.
    await identity(0).insist(principals.resumePrincipal, suspends, admin);
    const back = await identity(0).insist(tokens.login, logIn, '');
    await expect
      .poll(() => decisions(back.accessToken, 'orders:read', admin), { timeout: 10_000 })
      .toEqual([ALLOW, ALLOW]);
    // The chain of refresh tokens goes on where it was.
    const next = await identity(0).insist(
      tokens.refreshToken,
      { refreshToken: refreshed.refreshToken },
      '',
    );
    expect(next.outage).toBe(false);
    expect(await decisions(next.accessToken, 'orders:refund', admin)).toEqual([ALLOW, ALLOW]);
    await identity(0).insist(credentials.listApiKeys, { principalId: alice.principalId }, admin);
    report('Kafka stopped, people logged in', {
      brokers: 3,
      'outage s': outageMs / 1_000,
      'session end to DENY ms': ofSession,
      'token revoked to DENY ms': ofToken,
      'principal suspended to DENY ms': ofPrincipal,
      'API key revoked to DENY ms': ofKey,
      'in the ledgers after ms': followedMs,
    });
  });

  async function eventsOfBoth(): Promise<[string, number][]> {
    return [...(await eventsOf('auth.ledger.v1')), ...(await eventsOf('auth.session.v1'))];
  }

  async function eventsOf(topic: string): Promise<[string, number][]> {
    const log = openKafkaLog({ brokers: cell.broker.direct, topic });
    const keys = new MacKeys(topic, new Map([[1, cell.ledgerKey]]));
    try {
      const { events, findings } = await verifyLedger(log, keys);
      expect(findings).toEqual([]);
      return Object.entries(events);
    } finally {
      await log.close();
    }
  }
});
