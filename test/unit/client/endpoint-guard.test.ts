import { describe, expect, it } from 'vitest';

import { callParameters } from '#libs/client/grpc/call-parameters.js';
import { Guard, type Verdict } from '#libs/client/guard/guard.js';
import { type Answer } from '#libs/client/answer.js';
import { type Ledgate } from '#libs/client/ledgate.js';
import { LedgateError } from '#libs/client/ledgate-error.js';
import { type AnyQuestion, type EndpointCall } from '#libs/client/question.js';
import { refusalOf, type RefusingVerdict } from '#libs/client/http/refusal.js';

const endpoint: EndpointCall = { api: 'shop', call: { httpMethod: 'GET', path: '/orders/17' } };
const answer: Answer = {
  decision: 'ALLOW',
  reason: 'ALLOWED',
  tenantId: 't',
  principalId: 'alice',
  validUntilMs: undefined,
  answered: { position: 1, sessionPosition: -1, stalenessMs: 0, stale: false },
  decisionId: 'd1',
  obligations: [],
  endpoint: {
    ruleId: 'r',
    permission: 'orders:read',
    resource: 'orders/17',
    scopes: [],
    httpStatus: 200,
    wwwAuthenticate: '',
  },
};
const refused = (httpStatus: number, wwwAuthenticate = ''): Partial<Answer> => ({
  decision: 'DENY',
  reason: 'NO_GRANT',
  endpoint: { ...answer.endpoint!, httpStatus, wwwAuthenticate },
});

/** A guard whose authorizer gives this answer, and what it was asked. */
function guardOf(given: Partial<Answer> | Error) {
  const asked: AnyQuestion[] = [];
  const authorize = async (question: AnyQuestion): Promise<Answer> => {
    asked.push(question);
    if (given instanceof Error) throw given;
    return { ...answer, ...given };
  };
  return { guard: new Guard({ authorize } as unknown as Ledgate), asked };
}

describe('a guard that asks by endpoint', () => {
  it('lets in who meets the rule, and on public endpoints anybody', async () => {
    const { guard, asked } = guardOf({});
    const verdict = await guard.judgeCall('Bearer lgk_a', endpoint);
    expect(verdict).toMatchObject({ outcome: 'allowed', identity: { principalId: 'alice' } });
    expect(asked).toEqual([{ credential: { apiKey: 'lgk_a' }, endpoint }]);
    const open = guardOf({ principalId: '', tenantId: '' });
    expect(await open.guard.judgeCall(undefined, endpoint)).toEqual({
      outcome: 'allowed',
      identity: undefined,
    });
    expect(open.asked).toEqual([{ endpoint }]);
  });

  it('refuses with the status and the challenge of the authorizer', async () => {
    const challenge = 'Bearer realm="shop", error="insufficient_scope", scope="orders.view"';
    const { guard } = guardOf(refused(403, challenge));
    const verdict = await guard.judgeCall('Bearer lgk_a', endpoint);
    const response = refusalOf(verdict as RefusingVerdict, { realm: 'x', basic: false });
    expect(response).toMatchObject({ status: 403, headers: { 'www-authenticate': challenge } });
    expect(JSON.parse(response.body)).toEqual({
      title: 'Forbidden',
      status: 403,
      decisionId: 'd1',
    });
  });

  it('says how to log in with a password too, where that is accepted', () => {
    const verdict: Verdict = {
      outcome: 'refused',
      reason: 'CREDENTIAL_MISSING',
      decisionId: 'd1',
      httpStatus: 401,
      wwwAuthenticate: 'Bearer realm="shop"',
      obligations: [],
    };
    const { headers } = refusalOf(verdict, { realm: 'x', basic: true });
    expect(headers['www-authenticate']).toBe(
      'Bearer realm="shop", Basic realm="x", charset="UTF-8"',
    );
  });

  it('never lets in what is not plainly allowed', async () => {
    const obliged = guardOf({ obligations: [{ kind: 'step_up', parameters: {} }] });
    const judged = await obliged.guard.judgeCall('Bearer lgk_a', endpoint);
    expect(judged).toMatchObject({ outcome: 'refused', httpStatus: 403 });
    const bare = guardOf({ decision: 'DENY', endpoint: undefined });
    expect(await bare.guard.judgeCall('Bearer lgk_a', endpoint)).toMatchObject({
      outcome: 'refused',
      httpStatus: 403,
    });
    const down = guardOf(new LedgateError('UNDECIDED', 'down', { reason: 'UNAVAILABLE' }));
    expect(await down.guard.judgeCall(undefined, endpoint)).toMatchObject({ outcome: 'undecided' });
    const unread = guardOf({});
    expect(await unread.guard.judgeCall('Digest x', endpoint)).toMatchObject({
      outcome: 'unauthenticated',
    });
    expect(unread.asked).toEqual([]);
  });
});

describe('the parameters of a gRPC call', () => {
  const request = {
    orderId: '17',
    count: 3n,
    order: { id: 'a', deep: { er: { still: 'x' } } },
    password: 'hunter2',
    accessToken: 't',
    shippingAddress: 'here',
    long: 'x'.repeat(257),
    list: ['a'],
    bytes: new Uint8Array(3),
    nothing: undefined,
  };

  it('are its short fields by both names, without what sounds like a secret', () => {
    expect(callParameters({ api: 'shop' }, request)).toEqual({
      orderId: '17',
      order_id: '17',
      count: '3',
      'order.id': 'a',
      shippingAddress: 'here',
      shipping_address: 'here',
    });
    expect(callParameters({ api: 'shop' }, undefined)).toEqual({});
  });

  it('are the named ones, where they are named', () => {
    const fields = ['order_id', 'password', 'order.id', 'missing', 'toString'];
    expect(callParameters({ api: 'shop', fields }, request)).toEqual({
      order_id: '17',
      password: 'hunter2',
      'order.id': 'a',
    });
  });
});
