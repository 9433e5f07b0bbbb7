import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectLedgate } from '#libs/client/connect-ledgate.js';
import { ledgateExpress } from '#libs/client/http/express.js';
import { type Ledgate } from '#libs/client/ledgate.js';
import { atLeastAsFresh, fullyConsistent, type Question } from '#libs/client/question.js';
import { startLedgate, type RunningLedgate } from '../../support/client/running-ledgate.js';

let running: RunningLedgate;
let ledgate: Ledgate;
let alice: { apiKey: string };
beforeAll(async () => {
  running = await startLedgate();
  ledgate = connectLedgate({
    address: running.authorizer,
    credential: running.demo.backendKey,
    deadlineMs: 10_000,
  });
  alice = { apiKey: running.demo.aliceKey };
});
afterAll(async () => {
  await ledgate.close();
  await running.stop();
});

const asAlice = (resource: string, action = 'orders:read'): Question => ({
  credential: alice,
  action,
  resource,
});

describe('the client on the real services', () => {
  it('authenticates an API key and a password, and refuses wrong ones as an answer', async () => {
    const good = await ledgate.authenticate(alice);
    expect(good).toMatchObject({
      authenticated: true,
      identity: {
        tenantId: running.demo.tenantId,
        principalKind: 'USER',
        credentialKind: 'API_KEY',
        roles: ['clerk'],
        expiresAtMs: undefined,
      },
    });
    const basic = { tenant: 'demo', username: 'alice', password: running.demo.alicePassword };
    expect(await ledgate.authenticate({ basic })).toMatchObject({
      authenticated: true,
      identity: { credentialKind: 'PASSWORD' },
    });
    const wrong = { basic: { ...basic, password: 'wrong' } };
    expect(await ledgate.authenticate(wrong)).toMatchObject({ authenticated: false });
    const cut = { apiKey: running.demo.aliceKey.slice(0, -1) };
    expect(await ledgate.authenticate(cut)).toMatchObject({ authenticated: false });
  });

  it('decides, and says where', async () => {
    const allow = await ledgate.authorize(asAlice('projects/acme/orders/17'));
    expect(allow).toMatchObject({
      decision: 'ALLOW',
      reason: 'ALLOWED',
      tenantId: running.demo.tenantId,
      obligations: [],
    });
    expect(allow.answered.position).toBeGreaterThan(0);
    expect(allow.decisionId).not.toBe('');
    expect(await ledgate.authorize(asAlice('projects/globex/orders/1'))).toMatchObject({
      decision: 'DENY',
      reason: 'NO_GRANT',
      principalId: allow.principalId,
    });
    expect(await ledgate.authorize(asAlice('projects/acme', 'orders:eat'))).toMatchObject({
      decision: 'DENY',
      reason: 'UNKNOWN_PERMISSION',
    });
  });

  it('answers a turn of questions as it answers them one by one', async () => {
    const onAcme = { action: 'orders:read', resource: 'projects/acme' };
    const { principalId } = await ledgate.authorize(asAlice('projects/acme'));
    const questions: Question[] = [
      asAlice('projects/acme/orders/1'),
      asAlice('projects/acmeX'),
      asAlice(''),
      asAlice('projects/acme', 'orders:refund'),
      asAlice('projects/acme/../globex'),
      { ...onAcme, credential: { apiKey: 'lgk_unknown' } },
      { ...onAcme, credential: { bearerToken: 'no.to.ken' } },
      { ...onAcme, subject: { tenantId: running.demo.tenantId, principalId } },
    ];
    const outcome = (one: PromiseSettledResult<{ decision: string; reason: string }>) =>
      one.status === 'fulfilled'
        ? [one.value.decision, one.value.reason]
        : (one.reason as { kind: string }).kind;
    const alone = [];
    for (const one of questions)
      alone.push(...(await Promise.allSettled([ledgate.authorize(one)])));
    const together = await Promise.allSettled(questions.map((one) => ledgate.authorize(one)));
    expect(together.map(outcome)).toEqual(alone.map(outcome));
    expect(together.map(outcome)[0]).toEqual(['ALLOW', 'ALLOWED']);
    expect(together.filter((one) => outcome(one)[0] === 'ALLOW').length).toBe(2);
  });

  it('reads its own write: a grant, and its revocation', async () => {
    const question = asAlice('projects/initech/orders/1');
    const { grantId, token } = await running.grantLike('alice', 'alice', 'projects/initech');
    const granted = await ledgate.authorize(question, { consistency: atLeastAsFresh(token) });
    expect(granted.decision).toBe('ALLOW');
    const after = await running.revokeGrant(grantId);
    const revoked = await ledgate.authorize(question, { consistency: atLeastAsFresh(after) });
    expect(revoked.decision).toBe('DENY');
    expect(revoked.answered.position).toBeGreaterThan(granted.answered.position);
    const full = await ledgate.authorize(question, { consistency: fullyConsistent });
    expect(full.answered.position).toBeGreaterThan(revoked.answered.position);
  });

  it('lists permissions and explains by events', async () => {
    const { permissions } = await ledgate.listPermissions({ credential: alice });
    expect(permissions).toEqual([
      { permission: 'orders:read', resourcePrefixes: ['projects/acme'] },
    ]);
    const explained = await ledgate.explain(asAlice('projects/acme/orders/17'));
    expect(explained.answer.decision).toBe('ALLOW');
    expect(explained.paths[0]).toMatchObject({ roleName: 'clerk', missing: '' });
    expect(explained.paths[0]?.events.length).toBeGreaterThan(0);
  });

  it('is refused itself without a good credential, and without ledgate.authorizer:ask', async () => {
    for (const credential of ['lgk_nobody', running.demo.aliceKey]) {
      const stranger = connectLedgate({ address: running.authorizer, credential });
      const asked = [stranger.authorize(asAlice('a')), stranger.authorize(asAlice('b'))];
      for (const one of asked) await expect(one).rejects.toMatchObject({ kind: 'CALLER_REFUSED' });
      await stranger.close();
    }
  });

  it('guards an endpoint: 200, 403, 401, and 401 as soon as the key is revoked', async () => {
    const { requirePermission } = ledgateExpress(ledgate);
    const app = express();
    const guard = requirePermission('orders:read', 'projects/{project}/orders/{id}');
    app.get('/projects/:project/orders/:id', guard, (_req, res) => void res.send('served'));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const get = async (path: string, authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await fetch(`${origin}${path}`, { headers })).status;
    };
    const bearer = `Bearer ${running.demo.aliceKey}`;
    expect(await get('/projects/acme/orders/1', bearer)).toBe(200);
    expect(await get('/projects/globex/orders/1', bearer)).toBe(403);
    expect(await get('/projects/acme/orders/1')).toBe(401);
    expect(await get('/projects/acme/orders/..%2f..%2fglobex', bearer)).toBe(400);
    const token = await running.revokeKeysOf('alice');
    await ledgate.authenticate(alice, { consistency: atLeastAsFresh(token) });
    expect(await get('/projects/acme/orders/1', bearer)).toBe(401);
    server.close();
  });
});
