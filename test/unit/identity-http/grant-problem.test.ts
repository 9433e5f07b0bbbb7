import { expect, test } from 'vitest';
import { Failure, type Reason } from '#libs/errors/failure.js';
import { throwGrantProblem } from '#services/identity/http/oauth/grant-problem.js';
import { asOauthError, OauthError } from '#services/identity/http/oauth/oauth-error.js';

function told(error: unknown): OauthError {
  try {
    throwGrantProblem(error);
  } catch (problem) {
    return asOauthError(problem);
  }
}

test.each<Reason>(['GRANT_REJECTED', 'ALREADY_USED', 'CREDENTIALS_REJECTED', 'PERMISSION_DENIED'])(
  'a grant that the ledger refuses (%s) is an invalid grant, and not said why',
  (reason) => {
    const error = told(new Failure(reason, 'the very reason'));
    expect(error).toMatchObject({ code: 'invalid_grant', status: 400, detail: 'the very reason' });
    expect(error.message).not.toContain('very reason');
  },
);

const passing: readonly Reason[] = [
  'LEDGER_UNAVAILABLE',
  'STALE',
  'NOT_READY',
  'OVERLOADED',
  'CONFLICT',
  'LEDGER_SEALED',
  'NEEDS_NEWER_BUILD',
];

test.each(passing)('a ledger that cannot be asked now (%s) is no fault of the grant', (reason) => {
  const error = told(new Failure(reason, 'wait', { retryAfterMs: 1_500 }));
  expect(error).toMatchObject({
    code: 'temporarily_unavailable',
    status: 503,
    headers: { 'retry-after': '2' },
  });
});

test.each<Reason>(['INTERNAL', 'MISCONFIGURED'])(
  'what is wrong with us (%s) is neither the grant nor told',
  (reason) => {
    const error = told(new Failure(reason, 'the very reason'));
    expect(error).toMatchObject({ code: 'server_error', status: 500 });
    expect(error.message).not.toContain('very reason');
  },
);

test('a refusal in words of the protocol stays what it is; a mistake of ours is told to nobody', () => {
  const refused = new OauthError('invalid_scope', 'beyond', { members: { scope: 'x' } });
  expect(told(refused)).toBe(refused);
  const ours = told(new TypeError('x is not a function'));
  expect(ours).toMatchObject({ code: 'server_error', status: 500 });
  expect(ours.message).not.toContain('function');
});
