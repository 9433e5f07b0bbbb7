import { status, type ServiceError } from '@grpc/grpc-js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  AuthorizerServiceService as authorizing,
  type AuthorizeResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { CredentialServiceService as credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as grants } from '#proto/ledgate/identity/v1/grant.js';
import { PrincipalServiceService as principals } from '#proto/ledgate/identity/v1/principal.js';
import { RoleServiceService as roles } from '#proto/ledgate/identity/v1/role.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { describeWithBrokerControl } from '../support/kafka/describe-on-kafka.js';
import { SeededRandom } from '../support/ledger/seeded-random.js';
import { foundTenant } from './administration.js';
import { audit } from './audit.js';
import { report } from './effort.js';
import { wrongAnswers } from './holding.js';
import { KafkaCell } from './kafka-cell.js';
import { Load } from './load.js';

const ALLOW = 1;
const SOFT_MS = 1_500;
const SENSITIVE_MS = 5_000;
const HARD_MS = 11_000;

describeWithBrokerControl('Kafka stands still (SIGSTOP), then goes on', () => {
  let cell: KafkaCell;
  beforeAll(async () => {
    cell = await KafkaCell.found({
      LEDGATE_SOFT_STALENESS: `${SOFT_MS}ms`,
      LEDGATE_SENSITIVE_STALENESS: `${SENSITIVE_MS}ms`,
      LEDGATE_HARD_STALENESS: `${HARD_MS}ms`,
    });
  });
  afterAll(() => cell.close());

  /** A backend with a key that may read orders, and refund them. */
  async function backend(admin: string): Promise<string> {
    const { endpoint } = cell.identities[0]!;
    const { principalId } = await endpoint.insist(
      principals.createServiceAccount,
      { username: 'backend' },
      admin,
    );
    const permissions = ['orders:read', 'orders:refund'];
    const { roleId } = await endpoint.insist(
      roles.createRole,
      { name: 'both', permissions },
      admin,
    );
    await endpoint.insist(grants.grantRole, { principalId, roleId }, admin);
    const made = await endpoint.insist(
      credentials.createApiKey,
      { principalId, name: 'backend' },
      admin,
    );
    return made.apiKey;
  }

  /** What each authorizer answers at once: `undefined` when it cannot decide. */
  function ask(action: string, apiKey: string, caller: string) {
    const value = { credential: { $case: 'apiKey' as const, value: apiKey } };
    const who = { $case: 'credential' as const, value };
    const question = { who, action, resource: 'orders/1' };
    return Promise.all(
      cell.authorizers.map(async ({ endpoint }): Promise<AuthorizeResponse | undefined> => {
        try {
          return await endpoint.call(authorizing.authorize, question, caller, 1_000);
        } catch (error) {
          if ((error as ServiceError).code !== status.UNAVAILABLE) throw error;
          return undefined;
        }
      }),
    );
  }

  it('reads go on up to the limits, writes wait or are refused, nothing is lost', async () => {
    const { identities, root, broker, ledgerKey } = cell;
    const admin = await foundTenant(identities[0]!.endpoint, root);
    const apiKey = await backend(admin);
    const endpoints = identities.map(({ endpoint }) => endpoint);
    const random = new SeededRandom(11);
    const load = new Load({ identities: endpoints, admin, lanes: 4, random, thinkMs: 10 });
    await expect.poll(() => load.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(100);
    const decisions = async (action: string) =>
      (await ask(action, apiKey, admin)).map((answer) => answer?.decision);
    const allowed = [ALLOW, ALLOW];
    const undecided = [undefined, undefined];
    await expect.poll(() => decisions('orders:refund'), { timeout: 5_000 }).toEqual(allowed);

    const pausedAtMs = performance.now();
    const until = (ms: number): Promise<void> => sleep(pausedAtMs + ms - performance.now());
    broker.control.pause();
    await until(500);
    const atPause = load.acknowledged.length;
    await until(SOFT_MS + 1_000);
    const marked = await ask('orders:read', apiKey, admin);
    expect(marked.map((answer) => answer?.decision)).toEqual(allowed);
    expect(marked.map((answer) => answer?.answered?.stale)).toEqual([true, true]);
    expect(await decisions('orders:refund')).toEqual(allowed);

    await until(SENSITIVE_MS + 1_000);
    expect(await decisions('orders:read')).toEqual(allowed);
    expect(await decisions('orders:refund')).toEqual(undecided);

    await until(HARD_MS + 1_000);
    expect(await decisions('orders:read')).toEqual(undecided);
    expect(load.acknowledged.length, 'acknowledged while nothing was written').toBe(atPause);

    broker.control.resume();
    await expect.poll(() => decisions('orders:refund'), { timeout: 15_000 }).toEqual(allowed);
    const before = load.acknowledged.length;
    await expect
      .poll(() => load.acknowledged.length, { timeout: 30_000 })
      .toBeGreaterThan(before + 100);
    await load.stop();

    const log = openKafkaLog({ brokers: broker.direct, topic: 'auth.ledger.v1' });
    const found = await audit(log, ledgerKey, load);
    await log.close();
    report('Kafka stands still', { ...found, unanswered: load.unanswered });
    const wrong = [];
    for (const { endpoint } of cell.authorizers) {
      wrong.push(...(await wrongAnswers(load.holdings, endpoint, admin, 'token')));
    }
    expect(wrong).toEqual([]);
    expect(load.surprises).toEqual([]);
    expect(found).toMatchObject({ lost: 0, doubled: 0, namesTwice: 0 });
    expect(load.unanswered).toBeGreaterThan(0);
  });
});
