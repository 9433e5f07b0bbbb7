import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthorizerServiceService as methods } from '#proto/ledgate/authorizer/v1/authorizer.js';
import {
  granted,
  permissionDefined,
  registered,
  revoked,
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
    const actor = { tenant, principal: 'root' };
    await seed.append(events, { tenant });
    await seed.append([permissionDefined('orders:read'), roleCreated('reader', ['orders:read'])], {
      tenant,
    });
    await seed.append([registered('alice')], { tenant });
    await seed.append([granted('alice', 'reader', 'projects/a')], {
      tenant,
      actor,
      reason: 'joins the team',
    });
  });
});
afterAll(async () => world.closeAll());

const who = { $case: 'subject' as const, value: { tenantId: tenant, principalId: 'alice' } };
const question = {
  who,
  action: 'orders:read',
  resource: 'projects/a/orders/17',
  consistency: undefined,
};

describe('an authorizer over gRPC', () => {
  it('allows by a grant, denies without one, and says where it answered', async () => {
    const allowed = await world.call(methods.authorize, question, apiKey);
    expect(allowed).toMatchObject({ decision: 1, reason: 'ALLOWED', principalId: 'alice' });
    expect(allowed.answered).toMatchObject({ position: BigInt(world.seed.position), stale: false });
    const other = { ...question, resource: 'projects/b' };
    const denied = await world.call(methods.authorize, other, apiKey);
    expect(denied).toMatchObject({ decision: 2, reason: 'NO_GRANT' });
    expect(denied.decisionId).not.toBe(allowed.decisionId);
  });

  it('explains by the very events that the answer rests on', async () => {
    const explained = await world.call(methods.explain, question, apiKey);
    expect(explained.answer).toMatchObject({ decision: 1, reason: 'ALLOWED' });
    expect(explained.summary).toContain('role "reader" on projects/a');
    const [path] = explained.paths;
    expect(path).toMatchObject({
      grantId: 'alice/reader/projects/a',
      roleId: 'reader',
      missing: '',
    });
    expect(path?.events.at(-1)).toMatchObject({
      type: 'ledgate.grant.RoleGranted.v1',
      actorPrincipalId: 'root',
      reason: 'joins the team',
      position: BigInt(world.seed.position),
    });
  });

  it('denies after the grant was revoked, and names who did it', async () => {
    await world.seed.append([revoked('alice', 'reader', 'projects/a')], {
      tenant,
      actor: { tenant, principal: 'root' },
      reason: 'left the team',
    });
    const fresh = { requirement: { $case: 'atLeastAsFresh' as const, value: world.seed.token() } };
    const denied = await world.call(methods.explain, { ...question, consistency: fresh }, apiKey);
    expect(denied.answer).toMatchObject({ decision: 2, reason: 'NO_GRANT' });
    expect(denied.paths[0]).toMatchObject({ missing: 'REVOKED' });
    expect(denied.summary).toContain('left the team');
  });
});
