import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AuthorizerServiceService as methods,
  Decision,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import {
  granted,
  permissionDefined,
  registered,
  roleCreated,
  tenantWithCaller,
} from '../../support/authorizer/seed-events.js';
import {
  startAuthorizerWorld,
  type AuthorizerWorld,
} from '../../support/authorizer/running-authorizer.js';

const tenant = 'acme';
const { events, apiKey } = tenantWithCaller('acme');
let world: AuthorizerWorld;

beforeAll(async () => {
  world = await startAuthorizerWorld(async (seed) => {
    await seed.append(events, { tenant });
    const role = roleCreated('reader', ['orders:read']);
    await seed.append([permissionDefined('orders:read'), role, registered('alice')], { tenant });
    await seed.append([granted('alice', 'reader', 'a')], { tenant });
  });
});
afterAll(async () => world.closeAll());

describe('answers that had to wait (Ory v26.2.5: one caller got what belonged to another)', () => {
  it('are each the answer of their own question, though all are given in one turn', async () => {
    // A record that is not there yet: every question waits for it.
    world.seed.put([registered('bob')], { tenant });
    const value = world.seed.token();
    const questions = Array.from({ length: 200 }, async (_, at) => {
      const odd = at % 2 === 1;
      const principalId = odd ? 'alice' : `nobody-${'x'.repeat(at % 100)}`;
      const request = {
        who: { $case: 'subject' as const, value: { tenantId: tenant, principalId } },
        action: 'orders:read',
        resource: 'a/b',
        consistency: { requirement: { $case: 'atLeastAsFresh' as const, value } },
      };
      const answer = await world.call(methods.authorize, request, apiKey);
      const decision = odd ? Decision.DECISION_ALLOW : Decision.DECISION_DENY;
      expect(answer).toMatchObject({ decision, principalId });
      return answer.decisionId;
    });
    await new Promise((resolve) => void setTimeout(resolve, 200));
    await world.seed.flush();
    const ids = await Promise.all(questions);
    expect(new Set(ids).size).toBe(questions.length);
  });

  it('go nowhere when nobody waits for them any more', async () => {
    world.seed.put([registered('carol')], { tenant });
    const value = world.seed.token();
    const ask = (deadlineMs: number) =>
      world.call(
        methods.authorize,
        {
          who: { $case: 'subject' as const, value: { tenantId: tenant, principalId: 'alice' } },
          action: 'orders:read',
          resource: 'a/b',
          consistency: { requirement: { $case: 'atLeastAsFresh' as const, value } },
        },
        apiKey,
        deadlineMs,
      );
    const gone = await Promise.allSettled(Array.from({ length: 100 }, () => ask(50)));
    expect(gone.every(({ status }) => status === 'rejected')).toBe(true);
    const stays = ask(20_000);
    await world.seed.flush();
    expect(await stays).toMatchObject({ decision: Decision.DECISION_ALLOW });
  });
});
