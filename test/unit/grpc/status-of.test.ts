import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { Failure, invalid, type Reason } from '#libs/errors/failure.js';
import { isOurFault, rowOf, statusOf, type StatusAnswer } from '#libs/grpc/status-of.js';
import { BadRequest, ErrorInfo, RetryInfo } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';

const types = {
  'type.googleapis.com/google.rpc.ErrorInfo': ErrorInfo,
  'type.googleapis.com/google.rpc.BadRequest': BadRequest,
  'type.googleapis.com/google.rpc.RetryInfo': RetryInfo,
} as const;

function read(answer: StatusAnswer): { code: number; message: string; details: object[] } {
  const [bytes] = answer.metadata.get('grpc-status-details-bin');
  const { code, message, details } = Status.decode(bytes as Buffer);
  const decode = (url: string, value: Uint8Array): object =>
    types[url as keyof typeof types].decode(value);
  return { code, message, details: details.map((any) => decode(any.typeUrl, any.value)) };
}

describe('statusOf', () => {
  it.each([
    ['INVALID_ARGUMENT', status.INVALID_ARGUMENT],
    ['CALLER_UNAUTHENTICATED', status.UNAUTHENTICATED],
    ['PERMISSION_DENIED', status.PERMISSION_DENIED],
    ['NAME_TAKEN', status.ALREADY_EXISTS],
    ['CONFLICT', status.ABORTED],
    ['OVERLOADED', status.RESOURCE_EXHAUSTED],
    ['STALE', status.UNAVAILABLE],
    ['INTERNAL', status.INTERNAL],
  ] as const)('%s becomes %i', (reason, code) => {
    expect(statusOf(new Failure(reason, 'text'), 'r').code).toBe(code);
  });

  it('tells reason, request id, facts and whether to retry (google.rpc.ErrorInfo)', () => {
    const failure = new Failure('CONFLICT', 'changed meanwhile', { facts: { position: '7' } });
    expect(read(statusOf(failure, 'req-1'))).toEqual({
      code: status.ABORTED,
      message: 'changed meanwhile',
      details: [
        {
          reason: 'CONFLICT',
          domain: 'ledgate',
          metadata: { position: '7', request_id: 'req-1', retryable: 'true' },
        },
      ],
    });
  });

  it('does not let facts pass for the request id', () => {
    const failure = new Failure('CONFLICT', 'x', { facts: { request_id: 'fake' } });
    expect(read(statusOf(failure, 'real')).details[0]).toMatchObject({
      metadata: { request_id: 'real' },
    });
  });

  it('names the fields at fault (BadRequest) and the wait (RetryInfo)', () => {
    const bad = read(statusOf(invalid({ field: 'grant.role_id', description: 'unknown' }), 'r'));
    expect(bad.message).toBe('grant.role_id: unknown');
    expect(bad.details[1]).toMatchObject({
      fieldViolations: [{ field: 'grant.role_id', description: 'unknown' }],
    });
    const busy = new Failure('OVERLOADED', 'busy', { retryAfterMs: 1500.2 });
    expect(read(statusOf(busy, 'r')).details[1]).toEqual({
      retryDelay: { seconds: 1n, nanos: 501_000_000 },
    });
  });

  it.each(['CALLER_UNAUTHENTICATED', 'CREDENTIALS_REJECTED'] as const)(
    'tells nothing about what was wrong with a credential: %s (ASVS 6.3.8)',
    (reason) => {
      const details = {
        facts: { user: 'exists' },
        violations: [{ field: 'password', description: 'wrong' }],
        retryAfterMs: 77,
      };
      const answer = read(statusOf(new Failure(reason, 'no such user', details), 'r'));
      const bare = read(statusOf(new Failure(reason, 'wrong password'), 'r'));
      expect(answer).toEqual(bare);
      expect(answer.message).toBe('the credential is missing or was not accepted');
    },
  );

  it.each([
    ['an error', new Error('SELECT secret FROM x')],
    ['a text', 'secret'],
    ['undefined', undefined],
    ['an object with a code', { code: 0, details: 'secret', metadata: new Metadata() }],
    ['a failure of our own', new Failure('INTERNAL', 'secret', { facts: { a: 'secret' } })],
    ['a wrong setting', new Failure('MISCONFIGURED', 'secret')],
  ])('shows a fixed text for %s, and asks for the log', (_, thrown) => {
    const answer = statusOf(thrown, 'r');
    expect(answer.code).toBe(status.INTERNAL);
    expect(JSON.stringify(read(answer)) + answer.details).not.toContain('secret');
    expect(isOurFault(thrown)).toBe(true);
  });

  it('is not our fault when the caller was refused', () => {
    expect(isOurFault(new Failure('PERMISSION_DENIED', 'no'))).toBe(false);
  });

  it('gives every call objects of its own (Ory v26.2.5: a shared error told another request)', () => {
    const failure = new Failure('NOT_FOUND', 'x');
    const first = statusOf(failure, 'one');
    const second = statusOf(failure, 'two');
    first.metadata.set('leak', 'yes');
    expect(second.metadata.get('leak')).toEqual([]);
    expect(read(second).details[0]).toMatchObject({ metadata: { request_id: 'two' } });
  });

  it('cuts and cleans texts, so that the trailers stay small and can be sent', () => {
    const text = `a\r\nb\0${'\ud83d\ude00'.repeat(300)}\ud800`;
    const many = Array.from({ length: 100 }, () => ({ field: text, description: text }));
    const answer = statusOf(new Failure('INVALID_ARGUMENT', text, { violations: many }), 'r');
    expect(() => encodeURI(answer.details)).not.toThrow();
    expect(answer.details).not.toMatch(/[\r\n\0]/);
    expect(answer.details.length).toBeLessThanOrEqual(512);
    expect((read(answer).details[1] as BadRequest).fieldViolations).toHaveLength(16);
  });

  it('says "retry" for nothing that the caller must change first', () => {
    const never: readonly Reason[] = ['INVALID_ARGUMENT', 'PERMISSION_DENIED', 'WRONG_STATE'];
    expect(never.map((reason) => rowOf(reason).retryable)).toEqual([false, false, false]);
  });
});
