import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { callerCredential } from '#libs/grpc/caller-credential.js';
import { givenRequestId } from '#libs/grpc/unary.js';

const withValues = (name: string, ...values: string[]): Metadata => {
  const metadata = new Metadata();
  for (const value of values) metadata.add(name, value);
  return metadata;
};
const credential = (...values: string[]): string | undefined =>
  callerCredential(withValues('authorization', ...values));

describe('callerCredential (RFC 6750 section 2.1)', () => {
  it.each(['Bearer', 'bearer', 'BEARER'])('reads the scheme %s', (scheme) => {
    expect(credential(`${scheme} lgk_x`)).toBe('lgk_x');
  });

  it.each(['', 'Bearer', 'Bearer ', 'Bearer  a', 'Bearer a b', 'Basic abc', 'lgk_x', 'xBearer a'])(
    'reads nothing from %j',
    (value) => expect(credential(value)).toBeUndefined(),
  );

  it('reads nothing from two values, and nothing from none', () => {
    expect(credential('Bearer a', 'Bearer b')).toBeUndefined();
    expect(callerCredential(new Metadata())).toBeUndefined();
  });
});

describe('givenRequestId', () => {
  it('takes over only harmless text', () => {
    expect(givenRequestId(withValues('x-request-id', 'Req-1.a:b_c'))).toBe('Req-1.a:b_c');
    for (const bad of ['', 'a b', '{"x":1}', 'ü', 'a'.repeat(65)]) {
      const metadata = new Metadata();
      if (/^[\x20-\x7e]*$/.test(bad)) metadata.set('x-request-id', bad);
      expect(givenRequestId(metadata)).toBeUndefined();
    }
  });
});
