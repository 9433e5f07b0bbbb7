import { status, type ServiceError } from '@grpc/grpc-js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AuthorizerServiceService as authorizing } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { PrincipalServiceService as principals } from '#proto/ledgate/identity/v1/principal.js';
import { describeWithBrokerControl } from '../support/kafka/describe-on-kafka.js';
import { recreateLedgerTopic } from '../support/kafka/fresh-topic.js';
import { SeededRandom } from '../support/ledger/seeded-random.js';
import { foundTenant, standingOfIdentity } from './administration.js';
import { wrongAnswers } from './holding.js';
import { KafkaCell } from './kafka-cell.js';
import { Load } from './load.js';

/** History is compared each 5 s. */
const NOTICED_MS = 7_000;
const topics = ['auth.ledger.v1', 'auth.session.v1'];

describeWithBrokerControl(
  'somebody deletes the ledgers and makes empty topics of their names',
  () => {
    let cell: KafkaCell;
    beforeAll(async () => {
      cell = await KafkaCell.found();
    });
    afterAll(() => cell.close());

    /** What each authorizer says of the administrator's key. */
    function authenticate(apiKey: string): Promise<string[]> {
      const credential = { credential: { $case: 'apiKey' as const, value: apiKey } };
      return Promise.all(
        cell.authorizers.map(async ({ endpoint }) => {
          try {
            const answer = await endpoint.call(authorizing.authenticate, { credential }, apiKey);
            return String(answer.authenticated);
          } catch (error) {
            return status[(error as ServiceError).code] ?? '';
          }
        }),
      );
    }

    it('nobody answers from what was lost; a new founding is a new cell', async () => {
      const { identities, authorizers, broker } = cell;
      const admin = await foundTenant(identities[0]!.endpoint, cell.root);
      const endpoints = identities.map(({ endpoint }) => endpoint);
      const load = new Load({
        identities: endpoints,
        admin,
        lanes: 4,
        random: new SeededRandom(5),
        thinkMs: 5,
      });
      await expect.poll(() => load.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(300);
      for (const { endpoint } of authorizers) {
        expect(
          await wrongAnswers(load.sample(performance.now(), 20), endpoint, admin, 'token'),
        ).toEqual([]);
      }
      expect(await authenticate(admin)).toEqual(['true', 'true']);

      // The sessions of a cell are worth nothing without it: a new founding takes both topics.
      for (const topic of topics) await recreateLedgerTopic(broker.direct, topic);
      await sleep(NOTICED_MS);
      const acknowledged = load.acknowledged.length;
      for (let look = 0; look < 20; look += 1) {
        expect(await authenticate(admin)).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
        await sleep(100);
      }
      expect(load.acknowledged.length, 'acknowledged without a ledger').toBe(acknowledged);
      await load.abandon();

      const before = cell.root;
      await cell.init();
      expect(cell.root).not.toBe(before);
      for (const { endpoint } of identities) {
        const { position } = await standingOfIdentity(endpoint, cell.root);
        expect(position).toBeGreaterThan(0);
        const request = { username: 'anybody' };
        await expect(
          endpoint.call(principals.createServiceAccount, request, admin),
        ).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
      }
      await expect
        .poll(() => authenticate(admin), { timeout: 10_000 })
        .toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    });
  },
);
