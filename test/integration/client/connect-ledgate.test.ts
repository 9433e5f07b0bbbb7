import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import {
  type AuthorizeRequest,
  type BatchAuthorizeRequest,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { atLeastAsFresh, fullyConsistent, type Question } from '#libs/client/question.js';
import {
  allowed,
  answered,
  ScriptedStatus,
  wireAnswer,
  type Script,
} from '../../support/client/scripted-authorizer.js';
import { question, scriptedClients } from '../../support/client/scripted-client.js';

const { authorizer, client } = scriptedClients();
/** Allows what ends in an even number. */
const evenOnly = ({ resource }: AuthorizeRequest) =>
  Number(resource.at(-1)) % 2 === 0 ? allowed({ decisionId: resource }) : wireAnswer();

describe('authorize', () => {
  it('asks a single question with Authorize, as the caller, and gives a plain answer', async () => {
    const { address, calls } = await authorizer({
      authorize: () =>
        allowed({
          validUntilMs: 1234n,
          obligations: [{ kind: 'step_up', parameters: { acr: 'mfa' } }],
        }),
    });
    const answer = await client(address).authorize(question('orders/1'));
    expect(answer).toEqual({
      decision: 'ALLOW',
      reason: 'ALLOWED',
      tenantId: 't1',
      principalId: 'p1',
      validUntilMs: 1234,
      answered: { position: 7, stalenessMs: 3, stale: false, sessionPosition: 4 },
      decisionId: 'd1',
      obligations: [{ kind: 'step_up', parameters: { acr: 'mfa' } }],
    });
    expect(calls).toEqual([
      {
        method: 'Authorize',
        authorization: 'Bearer caller',
        request: {
          who: {
            $case: 'credential',
            value: { credential: { $case: 'apiKey', value: 'lgk_x' } },
          },
          action: 'orders:read',
          resource: 'orders/1',
          consistency: undefined,
        },
      },
    ]);
  });

  it('sends every kind of credential, and subjects', async () => {
    const { address, calls } = await authorizer({ authorize: () => allowed() });
    const ledgate = client(address);
    const basic = { tenant: 'acme', username: 'alice', password: 'pw' };
    const subject = { tenantId: 't', principalId: 'p' };
    const rest = { action: 'a:b', resource: 'r' };
    await ledgate.authorize({ credential: { bearerToken: 'a.b.c' }, ...rest });
    await ledgate.authorize({ credential: { basic }, ...rest });
    await ledgate.authorize({ subject, ...rest });
    expect(calls.map(({ request }) => (request as AuthorizeRequest).who)).toEqual([
      { $case: 'credential', value: { credential: { $case: 'bearerToken', value: 'a.b.c' } } },
      { $case: 'credential', value: { credential: { $case: 'basic', value: basic } } },
      { $case: 'subject', value: subject },
    ]);
  });

  it('carries the questions of one turn in one BatchAuthorize and answers each its own', async () => {
    const { address, calls } = await authorizer({ authorize: evenOnly });
    const ledgate = client(address);
    const resources = Array.from({ length: 20 }, (_, i) => `orders/${i}`);
    const answers = await Promise.all(
      [...resources, ...resources].map((one) => ledgate.authorize(question(one))),
    );
    expect(calls.map(({ method }) => method)).toEqual(['BatchAuthorize']);
    expect(calls[0]?.request).toHaveProperty('requests.length', 20);
    expect(answers.map(({ decision }) => decision)).toEqual(
      [...resources, ...resources].map((_, i) => (i % 2 === 0 ? 'ALLOW' : 'DENY')),
    );
    expect(answers[4]?.decisionId).toBe('orders/4');
    expect(answers[4]?.answered.position).toBe(7);
  });

  it('splits a turn of 600 questions into batches of at most 256', async () => {
    const { address, calls } = await authorizer({ authorize: evenOnly });
    const ledgate = client(address);
    const all = Array.from({ length: 600 }, (_, i) => ledgate.authorize(question(`orders/${i}`)));
    expect((await Promise.all(all)).filter(({ decision }) => decision === 'ALLOW').length).toBe(
      300,
    );
    const sizes = calls.map(({ request }) => (request as BatchAuthorizeRequest).requests.length);
    expect(sizes.sort((a, b) => b - a)).toEqual([256, 256, 88]);
  });

  it('never mixes requirements of freshness', async () => {
    const { address, calls } = await authorizer({ authorize: () => allowed() });
    const ledgate = client(address);
    const terms = [undefined, atLeastAsFresh('x'), atLeastAsFresh('y'), fullyConsistent];
    await Promise.all(
      terms.flatMap((consistency) =>
        ['a', 'b'].map((one) => ledgate.authorize(question(one), { consistency })),
      ),
    );
    const seen = calls.map(({ request }) => (request as BatchAuthorizeRequest).consistency);
    expect(calls.map(({ method }) => method)).toEqual(terms.map(() => 'BatchAuthorize'));
    expect(new Set(seen.map((one) => JSON.stringify(one?.requirement)))).toEqual(
      new Set([
        undefined,
        '{"$case":"atLeastAsFresh","value":"x"}',
        '{"$case":"atLeastAsFresh","value":"y"}',
        '{"$case":"fullyConsistent","value":true}',
      ]),
    );
  });

  it('lets a malformed question fail alone', async () => {
    const refuse = (request: AuthorizeRequest) => {
      if (request.resource === 'bad') throw new ScriptedStatus(status.INVALID_ARGUMENT);
      return evenOnly(request);
    };
    const { address } = await authorizer({ authorize: refuse });
    const ledgate = client(address);
    const asked = ['0', '1', 'bad', '2', '3', '4'].map((one) => ledgate.authorize(question(one)));
    const results = await Promise.allSettled(asked);
    expect(
      results.map((one) =>
        one.status === 'fulfilled' ? one.value.decision : (one.reason as { kind: string }).kind,
      ),
    ).toEqual(['ALLOW', 'DENY', 'BAD_QUESTION', 'ALLOW', 'DENY', 'ALLOW']);
  });
});

describe('a question that cannot be sent as it is', () => {
  const good = { credential: { apiKey: 'k' }, action: 'a:b', resource: 'r' };
  const basic = { tenant: 't', username: 'u' };

  it.each<[string, object]>([
    ['without anybody', { action: 'a:b', resource: 'r' }],
    ['without a credential', { ...good, credential: {} }],
    ['without a password', { ...good, credential: { basic } }],
    ['without a resource', { ...good, resource: undefined }],
    ['with a number for an action', { ...good, action: 7 }],
    ['with half a character', { ...good, resource: 'orders/\ud800' }],
    ['with half a subject', { ...good, credential: undefined, subject: { tenantId: 't' } }],
  ])('%s is refused, and the others of its turn are asked', async (_, bad) => {
    const { address, calls } = await authorizer({ authorize: () => allowed() });
    const ledgate = client(address);
    const malformed = bad as Question;
    const refused = { kind: 'BAD_QUESTION', reason: 'INVALID_ARGUMENT' };
    const asked = [malformed, good].map((one) => ledgate.authorize(one));
    await expect(asked[0]).rejects.toMatchObject(refused);
    expect(await asked[1]).toMatchObject({ decision: 'ALLOW' });
    await expect(ledgate.batchAuthorize([good, malformed])).rejects.toMatchObject(refused);
    await expect(ledgate.explain(malformed)).rejects.toMatchObject(refused);
    expect(calls.map(({ method }) => method)).toEqual(['Authorize']);
  });
});

describe('an answer that decides nothing', () => {
  it.each<[string, Script]>([
    ['without decision', { authorize: () => wireAnswer({ decision: 0, reason: '' }) }],
    ['with an unknown decision', { authorize: () => wireAnswer({ decision: 9 as 0 }) }],
    [
      'with fewer responses than questions',
      {
        authorize: () => allowed(),
        batchAnswers: (all) => all.slice(1),
      },
    ],
    [
      'with more responses than questions',
      {
        authorize: () => allowed(),
        batchAnswers: (all) => [...all, allowed()],
      },
    ],
  ])('%s is no answer', async (_, script) => {
    const { address } = await authorizer(script);
    const ledgate = client(address);
    const asked = ['a', 'b'].map((one) => ledgate.authorize(question(one)));
    for (const one of asked) {
      await expect(one).rejects.toMatchObject({ kind: 'UNDECIDED', reason: 'BROKEN_ANSWER' });
    }
  });
});

describe('a question of a batch that nobody could decide', () => {
  it.each([
    ['QUARANTINED', 0, 'UNDECIDED'],
    ['STALE', 0, 'UNDECIDED'],
    ['CALLER_NOT_PERMITTED', 0, 'CALLER_REFUSED'],
    ['CALLER_NOT_PERMITTED', 2, 'CALLER_REFUSED'],
  ] as const)(
    '%s (decision %i) is no denial, and the others are answered',
    async (reason, decision, kind) => {
      const { address } = await authorizer({
        authorize: ({ resource }) =>
          resource === 'open' ? wireAnswer({ decision, reason }) : allowed(),
      });
      const ledgate = client(address);
      const asked = ['open', 'b'].map((one) => ledgate.authorize(question(one)));
      await expect(asked[0]).rejects.toMatchObject({ kind, reason });
      expect(await asked[1]).toMatchObject({ decision: 'ALLOW' });
    },
  );
});

describe('batchAuthorize', () => {
  it('answers in order, in calls of 256', async () => {
    const { address, calls } = await authorizer({ authorize: evenOnly });
    const questions = Array.from({ length: 300 }, (_, i) => question(`orders/${i}`));
    const answers = await client(address).batchAuthorize(questions);
    expect(answers.map(({ decision }) => decision)).toEqual(
      questions.map((_, i) => (i % 2 === 0 ? 'ALLOW' : 'DENY')),
    );
    expect(calls.length).toBe(2);
  });

  it('answers no question with no call', async () => {
    const { address, calls } = await authorizer({});
    expect(await client(address).batchAuthorize([])).toEqual([]);
    expect(calls).toEqual([]);
  });
});

describe('the other questions', () => {
  const identity = {
    tenantId: 't1',
    principalId: 'p1',
    principalKind: 'USER',
    credentialKind: 'TOKEN',
    credentialId: '',
    roles: ['clerk'],
    scopes: [],
    acr: '',
    amr: ['pwd'],
    expiresAtMs: 99n,
    authTimeMs: 0n,
    sessionId: '',
    clientId: '',
  };

  it('tells who a credential belongs to, and why a wrong one is refused', async () => {
    const { address } = await authorizer({
      authenticate: ({ credential }) =>
        credential?.credential?.value === 'good'
          ? { authenticated: true, reason: '', identity, answered }
          : { authenticated: false, reason: 'CREDENTIAL_REVOKED', identity: undefined, answered },
    });
    const ledgate = client(address);
    expect(await ledgate.authenticate({ bearerToken: 'good' })).toEqual({
      authenticated: true,
      identity: { ...identity, expiresAtMs: 99, authTimeMs: undefined },
      answered: { position: 7, stalenessMs: 3, stale: false, sessionPosition: 4 },
    });
    expect(await ledgate.authenticate({ bearerToken: 'bad' })).toMatchObject({
      authenticated: false,
      reason: 'CREDENTIAL_REVOKED',
    });
  });

  it('lists permissions page by page', async () => {
    const { address } = await authorizer({
      listPermissions: ({ pageToken, pageSize }) => ({
        permissions: [{ permission: `p${pageToken}:${pageSize}`, resourcePrefixes: ['orders'] }],
        nextPageToken: pageToken === '' ? '2' : '',
        answered,
      }),
    });
    const ledgate = client(address);
    const who = { subject: { tenantId: 't', principalId: 'p' } };
    const first = await ledgate.listPermissions(who);
    expect(first).toMatchObject({ nextPageToken: '2', permissions: [{ permission: 'p:0' }] });
    const { nextPageToken: pageToken } = first;
    const second = await ledgate.listPermissions({ ...who, pageToken, pageSize: 5 });
    expect(second.permissions).toEqual([{ permission: 'p2:5', resourcePrefixes: ['orders'] }]);
    expect(second.nextPageToken).toBeUndefined();
  });

  it('explains by events', async () => {
    const event = {
      position: 3n,
      type: 'ledgate.grant.RoleGranted.v1',
      actorTenantId: 't',
      actorPrincipalId: 'a',
      atMs: 5n,
      reason: 'new clerk',
    };
    const path = {
      grantId: 'g',
      roleId: 'r',
      roleName: 'clerk',
      roleChain: ['r'],
      permissionPattern: 'orders:*',
      resourcePrefix: 'orders',
      groupId: '',
      expiresAtMs: 0n,
      missing: '',
      events: [event],
    };
    const { address } = await authorizer({
      explain: () => ({
        answer: allowed({ answered }),
        paths: [path],
        summary: 'by grant',
        events: [event],
      }),
    });
    expect(await client(address).explain(question('orders/1'))).toMatchObject({
      answer: { decision: 'ALLOW' },
      summary: 'by grant',
      paths: [{ grantId: 'g', expiresAtMs: undefined, events: [{ position: 3, atMs: 5 }] }],
      events: [{ position: 3, reason: 'new clerk' }],
    });
  });
});
