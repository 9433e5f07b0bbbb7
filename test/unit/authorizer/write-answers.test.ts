import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AuthenticateResponse,
  AuthorizeResponse,
  BatchAuthorizeResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import type {
  Answer,
  Answered,
  Authentication,
  Identity,
} from '#services/authorizer/app/answers.js';
import { reasonsBefore, type Reason } from '#services/authorizer/app/reasons.js';
import type { EndpointAnswer } from '#services/authorizer/app/endpoint-answer.js';
import {
  writeAnswer,
  writeAnswers,
  writeAuthentication,
} from '#services/authorizer/grpc/wire/write-answers.js';

// The generated encoder is the oracle: the same message, byte by byte.

const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ minLength: 100, maxLength: 200 }),
);
const arbitraryReason = fc.constantFrom<Reason>('ALLOWED', 'NO_GRANT', ...reasonsBefore);
const word = text.filter((value) => value !== '');
const time = fc.oneof(
  fc.constantFrom(Number.POSITIVE_INFINITY, 0, 1, 127, 128, 2 ** 31, 2 ** 35, 2 ** 53 - 1),
  fc.nat(),
);
const answered: fc.Arbitrary<Answered> = fc.record({
  position: fc.oneof(fc.constantFrom(-1, 0, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1), fc.nat()),
  stalenessMs: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true })),
  stale: fc.boolean(),
  sessionPosition: fc.oneof(fc.constantFrom(-1, 0, 2 ** 53 - 1), fc.nat()),
});
const endpoint: fc.Arbitrary<EndpointAnswer> = fc.record({
  rule: fc.option(
    fc.record({
      rule: text,
      protocol: fc.constant('HTTP' as const),
      method: text,
      template: text,
      allScopes: fc.constant([]),
      anyScopes: fc.constant([]),
      permission: fc.option(text, { nil: undefined }),
      credentialKinds: fc.constant([]),
      public: fc.boolean(),
    }),
    { nil: undefined },
  ),
  resource: text,
  scopes: fc.array(word, { maxLength: 3 }),
  obligation: fc.option(
    fc.record({ acr: text, maxAgeMs: fc.option(fc.nat(), { nil: undefined }) }),
    { nil: undefined },
  ),
  httpStatus: fc.constantFrom(200, 400, 401, 403, 503),
  wwwAuthenticate: text,
});
const answer: fc.Arbitrary<Answer> = fc.record({
  outcome: fc.constantFrom('ALLOW', 'DENY', 'CANNOT_DECIDE'),
  reason: arbitraryReason,
  tenant: text,
  principal: text,
  validUntilMs: time,
  answered,
  decisionId: text,
  endpoint: fc.option(endpoint, { nil: undefined }),
});

function wireAnswered(from: Answered): AuthorizeResponse['answered'] {
  const stalenessMs = BigInt(Math.round(from.stalenessMs));
  const inS = from.sessionPosition;
  const session = inS < 0 ? {} : { sessionPosition: BigInt(inS) };
  return { position: BigInt(from.position), stalenessMs, stale: from.stale, ...session };
}

function wireTime(ms: number): bigint {
  return Number.isFinite(ms) ? BigInt(ms) : 0n;
}

function wireAnswer(from: Answer): AuthorizeResponse {
  return {
    decision: ({ CANNOT_DECIDE: 0, ALLOW: 1, DENY: 2 } as const)[from.outcome],
    reason: from.reason,
    tenantId: from.tenant,
    principalId: from.principal,
    validUntilMs: wireTime(from.validUntilMs),
    answered: wireAnswered(from.answered),
    decisionId: from.decisionId,
    obligations: obligationsOf(from.endpoint),
    endpoint: wireEndpoint(from.endpoint),
  };
}

function obligationsOf(from: EndpointAnswer | undefined): AuthorizeResponse['obligations'] {
  if (from?.obligation === undefined) return [];
  const { acr, maxAgeMs } = from.obligation;
  const parameters: Record<string, string> = {};
  if (acr !== '') parameters['acr'] = acr;
  if (maxAgeMs !== undefined) parameters['max_age'] = `${Math.floor(maxAgeMs / 1000)}`;
  return [{ kind: 'step_up', parameters }];
}

function wireEndpoint(from: EndpointAnswer | undefined): AuthorizeResponse['endpoint'] {
  if (from === undefined) return undefined;
  const { rule, resource, scopes, httpStatus, wwwAuthenticate } = from;
  const asked = { ruleId: rule?.rule ?? '', permission: rule?.permission ?? '', resource };
  return { ...asked, scopes: [...scopes], httpStatus, wwwAuthenticate };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('writing answers by hand', () => {
  it('writes AuthorizeResponse as the generated encoder does', () => {
    fc.assert(
      fc.property(answer, (one) => {
        const oracle = AuthorizeResponse.encode(wireAnswer(one)).finish();
        expect(hex(writeAnswer(one))).toBe(hex(oracle));
      }),
      { numRuns: 500 },
    );
  });

  it('writes BatchAuthorizeResponse, where it was answered once for all', () => {
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 40 }), answered, (answers, where) => {
        const oracle = BatchAuthorizeResponse.encode({
          responses: answers.map((one) => ({ ...wireAnswer(one), answered: undefined })),
          answered: wireAnswered(where),
        }).finish();
        expect(hex(writeAnswers(answers, where))).toBe(hex(oracle));
      }),
    );
  });

  it('writes a batch that is larger than its buffer', () => {
    const one: Answer = {
      outcome: 'DENY',
      reason: 'NO_GRANT',
      tenant: 't'.repeat(300),
      principal: 'p'.repeat(20_000),
      validUntilMs: Number.POSITIVE_INFINITY,
      answered: { position: 1, sessionPosition: -1, stalenessMs: 2, stale: false },
      decisionId: 'd',
    };
    const bytes = writeAnswers(
      Array.from({ length: 256 }, () => one),
      one.answered,
    );
    expect(BatchAuthorizeResponse.decode(bytes).responses).toHaveLength(256);
    expect(BatchAuthorizeResponse.decode(bytes).responses[255]?.principalId).toBe(one.principal);
  });

  it('writes AuthenticateResponse as the generated encoder does', () => {
    const words = fc.array(word, { maxLength: 5 });
    const identity: fc.Arbitrary<Identity> = fc.record({
      tenant: text,
      principal: text,
      principalKind: fc.constantFrom('USER' as const, 'SERVICE' as const),
      credentialKind: fc.constantFrom('PASSWORD', 'API_KEY', 'TOKEN', 'SESSION'),
      credential: text,
      roles: words,
      scopes: words,
      amr: words,
      expiresAtMs: time,
      session: text,
      client: text,
      acr: text,
      authTimeMs: fc.oneof(time, fc.constant(Number.NaN)),
    });
    const authentication: fc.Arbitrary<Authentication> = fc.oneof(
      fc.record({ identity, answered }),
      fc.record({ identity: fc.constant(undefined), reason: arbitraryReason, answered }),
    );
    fc.assert(
      fc.property(authentication, (one) => {
        const oracle = AuthenticateResponse.encode({
          authenticated: one.identity !== undefined,
          reason: one.identity === undefined ? one.reason : '',
          identity: one.identity && {
            tenantId: one.identity.tenant,
            principalId: one.identity.principal,
            principalKind: one.identity.principalKind,
            credentialKind: one.identity.credentialKind,
            credentialId: one.identity.credential,
            roles: [...one.identity.roles],
            scopes: [...one.identity.scopes],
            acr: one.identity.acr,
            amr: [...one.identity.amr],
            expiresAtMs: wireTime(one.identity.expiresAtMs),
            authTimeMs: wireTime(one.identity.authTimeMs),
            sessionId: one.identity.session,
            clientId: one.identity.client,
          },
          answered: wireAnswered(one.answered),
        }).finish();
        expect(hex(writeAuthentication(one))).toBe(hex(oracle));
      }),
    );
  });
});
