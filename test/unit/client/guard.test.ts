import { describe, expect, it } from 'vitest';
import { type Answer } from '#libs/client/answer.js';
import { Guard, type GuardOptions } from '#libs/client/guard/guard.js';
import { resourcePath } from '#libs/client/guard/resource-path.js';
import { refusalOf, type RefusingVerdict } from '#libs/client/http/refusal.js';
import { type Ledgate } from '#libs/client/ledgate.js';
import { LedgateError, type LedgateErrorKind } from '#libs/client/ledgate-error.js';
import { type Question } from '#libs/client/question.js';
import { stepUpRequired } from '#libs/client/step-up-required.js';

const allow: Answer = {
  decision: 'ALLOW',
  reason: 'ALLOWED',
  tenantId: 't1',
  principalId: 'p1',
  validUntilMs: undefined,
  answered: { position: 1, sessionPosition: -1, stalenessMs: 0, stale: false },
  decisionId: 'd1',
  obligations: [],
};
const deny = (reason: string, principalId = 'p1'): Answer => ({
  ...allow,
  decision: 'DENY',
  reason,
  principalId,
});

/** A Ledgate that answers every question with the next of `answers`, and the guard in front of it. */
function guardOf(answers: (Answer | Error)[], options?: GuardOptions) {
  const asked: Question[] = [];
  const authorize = async (question: Question): Promise<Answer> => {
    asked.push(question);
    const answer = answers.shift();
    if (!answer || answer instanceof Error) throw answer ?? new Error('not expected');
    return answer;
  };
  const guard = new Guard({ authorize } as Partial<Ledgate> as Ledgate, options);
  const judge = (authorization: string | undefined, resource = () => 'orders/1') =>
    guard.judge({ authorization, permission: 'orders:read', resource });
  return { judge, asked };
}

const failure = (kind: LedgateErrorKind, retryAfterMs?: number) =>
  new LedgateError(kind, 'no answer', { reason: 'X', retryAfterMs });

describe('Guard', () => {
  it('asks with the credential of the request and tells who it is', async () => {
    const { judge, asked } = guardOf([allow]);
    const verdict = await judge('Bearer lgk_a');
    expect(asked).toEqual([
      { credential: { apiKey: 'lgk_a' }, action: 'orders:read', resource: 'orders/1' },
    ]);
    expect(verdict).toMatchObject({
      outcome: 'allowed',
      identity: { tenantId: 't1', principalId: 'p1', decisionId: 'd1' },
    });
    expect(JSON.stringify(verdict)).not.toContain('lgk_a');
  });

  it('lets a handler ask on with the same credential', async () => {
    const { judge, asked } = guardOf([allow, allow, deny('NO_GRANT')]);
    const verdict = await judge('Bearer tok');
    if (verdict.outcome !== 'allowed' || !verdict.identity) throw new Error('not allowed');
    expect(await verdict.identity.may('orders:refund', 'orders/1')).toBe(true);
    expect(await verdict.identity.may('orders:delete', 'orders/1')).toBe(false);
    await expect(verdict.identity.may('orders:delete', 'orders/../2')).rejects.toThrow('resource');
    expect(asked[1]).toMatchObject({ credential: { bearerToken: 'tok' }, action: 'orders:refund' });
    expect(asked.length).toBe(3);
  });

  it('asks nothing without a readable credential', async () => {
    const { judge, asked } = guardOf([]);
    expect(await judge(undefined)).toEqual({ outcome: 'unauthenticated', reason: undefined });
    expect(await judge('Basic YTpi')).toMatchObject({ outcome: 'unauthenticated' });
    expect(asked).toEqual([]);
  });

  it.each([
    'CREDENTIAL_UNKNOWN',
    'CREDENTIAL_REVOKED',
    'CREDENTIALS_REJECTED',
    'SIGNING_KEY_REMOVED',
    'TOKEN_INVALID',
    'PASSWORD_REJECTED',
    'WATERMARK',
    'TENANT_SUSPENDED',
    'PRINCIPAL_DELETED',
  ])('takes %s for a credential that is no good', async (reason) => {
    const { judge } = guardOf([deny(reason)]);
    expect(await judge('Bearer t')).toEqual({ outcome: 'unauthenticated', reason });
  });

  it('takes a denial that names nobody for a credential that is no good', async () => {
    const { judge } = guardOf([deny('SOMETHING_NEW', '')]);
    expect(await judge('Bearer t')).toMatchObject({ outcome: 'unauthenticated' });
  });

  it.each(['NO_GRANT', 'UNKNOWN_PERMISSION', 'SCOPE_INSUFFICIENT', 'RESOURCE_OUT_OF_KEY_SCOPE'])(
    'takes %s for a denial',
    async (reason) => {
      const { judge } = guardOf([deny(reason)]);
      expect(await judge('Bearer t')).toEqual({ outcome: 'denied', reason, decisionId: 'd1' });
    },
  );

  it('passes a step-up on that was refused, and asks who it is where the credential is no good', async () => {
    const parameters = { acr: 'urn:ledgate:acr:2', max_age: '60' };
    const obligations = [{ kind: 'step_up', parameters }];
    const denied = { ...allow, decision: 'DENY' as const };
    const stepUp = { ...denied, reason: 'STEP_UP_REQUIRED', obligations };
    expect(stepUpRequired(stepUp)).toEqual({ acr: 'urn:ledgate:acr:2', maxAgeS: 60 });
    expect(stepUpRequired(denied)).toBeUndefined();
    const dead = ['SESSION_ENDED', 'FAMILY_REVOKED', 'TOKEN_REVOKED', 'CLIENT_SUSPENDED'];
    const more = ['CONSENT_WITHDRAWN', 'PROOF_REQUIRED', 'ISSUED_BEFORE_RESTORE'];
    const gone = [...dead, ...more].map((reason) => ({ ...denied, reason }));
    const { judge } = guardOf([stepUp, ...gone, { ...denied, reason: 'ISSUED_IN_OUTAGE' }]);
    expect(await judge('Bearer t')).toMatchObject({
      outcome: 'step-up',
      acrValues: 'urn:ledgate:acr:2',
    });
    for (const { reason } of gone) {
      expect(await judge('Bearer t')).toEqual({ outcome: 'unauthenticated', reason });
    }
    expect(await judge('Bearer t')).toMatchObject({ outcome: 'denied' });
  });

  it('does not serve an allow whose obligation it does not know, and passes a step-up on', async () => {
    const unknown = { ...allow, obligations: [{ kind: 'shred_after', parameters: {} }] };
    const stepUp = { ...allow, obligations: [{ kind: 'step_up', parameters: { acr: 'mfa' } }] };
    const { judge } = guardOf([unknown, stepUp]);
    expect(await judge('Bearer t')).toMatchObject({ outcome: 'denied' });
    expect(await judge('Bearer t')).toMatchObject({ outcome: 'step-up', acrValues: 'mfa' });
  });

  it.each<[LedgateErrorKind, string]>([
    ['UNDECIDED', 'undecided'],
    ['CALLER_REFUSED', 'undecided'],
    ['CLOSED', 'undecided'],
    ['BAD_QUESTION', 'malformed'],
  ])('turns %s into %s', async (kind, outcome) => {
    const { judge } = guardOf([failure(kind)]);
    expect(await judge('Bearer t')).toMatchObject({ outcome });
  });

  it('lets a request in without an answer only when the service says so explicitly', async () => {
    const seen: unknown[] = [];
    const { judge } = guardOf(
      [failure('UNDECIDED'), failure('UNDECIDED'), failure('BAD_QUESTION')],
      {
        onUnavailable: (error, question) => {
          seen.push([error.kind, question.resource]);
          return seen.length === 1 ? 'allow' : 'refuse';
        },
      },
    );
    expect(await judge('Bearer t')).toEqual({ outcome: 'allowed', identity: undefined });
    expect(await judge('Bearer t')).toMatchObject({ outcome: 'undecided' });
    expect(await judge('Bearer t')).toMatchObject({ outcome: 'malformed' });
    expect(seen).toEqual([
      ['UNDECIDED', 'orders/1'],
      ['UNDECIDED', 'orders/1'],
    ]);
  });

  it('does not ask about a resource that cannot be named', async () => {
    const { judge, asked } = guardOf([]);
    expect(await judge('Bearer t', () => 'a/../b')).toMatchObject({ outcome: 'malformed' });
    const named = () => resourcePath`orders/${'a/b'}`;
    expect(await judge('Bearer t', named)).toMatchObject({ outcome: 'malformed' });
    expect(asked).toEqual([]);
  });

  it('does not take a bug of the service for a verdict', async () => {
    const { judge } = guardOf([new TypeError('bug')]);
    await expect(judge('Bearer t')).rejects.toThrow('bug');
  });
});

describe('refusalOf', () => {
  const plain = { realm: 'orders', basic: false };
  const of = (verdict: RefusingVerdict, options = plain) => {
    const { status, headers, body } = refusalOf(verdict, options);
    return { status, headers, body: JSON.parse(body) as Record<string, unknown> };
  };

  it('challenges with Bearer, with an error only when a credential was presented (RFC 6750)', () => {
    const nothing = of({ outcome: 'unauthenticated', reason: undefined });
    expect(nothing.status).toBe(401);
    expect(nothing.headers['www-authenticate']).toBe('Bearer realm="orders"');
    const wrong = of({ outcome: 'unauthenticated', reason: 'CREDENTIAL_REVOKED' });
    const expected = 'Bearer realm="orders", error="invalid_token"';
    expect(wrong.headers['www-authenticate']).toBe(expected);
    expect(JSON.stringify(wrong)).not.toContain('REVOKED');
  });

  it('offers Basic where it is accepted', () => {
    const { headers } = of(
      { outcome: 'unauthenticated', reason: undefined },
      {
        realm: 'o"r\n',
        basic: true,
      },
    );
    expect(headers['www-authenticate']).toBe(
      'Bearer realm="or", Basic realm="or", charset="UTF-8"',
    );
  });

  it('asks for a step-up (RFC 9470)', () => {
    const { status, headers } = of({ outcome: 'step-up', acrValues: 'mfa', decisionId: 'd' });
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toContain('error="insufficient_user_authentication"');
    expect(headers['www-authenticate']).toContain('acr_values="mfa"');
  });

  it('denies with 403 and the id of the decision, not its reason', () => {
    const denied = of({ outcome: 'denied', reason: 'NO_GRANT', decisionId: 'd9' });
    expect(denied.status).toBe(403);
    expect(denied.body).toEqual({ title: 'Forbidden', status: 403, decisionId: 'd9' });
    const scope = of({ outcome: 'denied', reason: 'SCOPE_INSUFFICIENT', decisionId: 'd9' });
    expect(scope.headers['www-authenticate']).toContain('error="insufficient_scope"');
  });

  it('answers 503 with Retry-After in whole seconds, never 403, when nobody decided', () => {
    expect(of({ outcome: 'undecided', retryAfterMs: 20 })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
    });
    expect(of({ outcome: 'undecided', retryAfterMs: 2001 }).headers['retry-after']).toBe('3');
  });

  it('answers 400 to a malformed request', () => {
    expect(of({ outcome: 'malformed', why: 'x' }).status).toBe(400);
  });
});
