import { describe, expect, it } from 'vitest';
import { connectLedgate } from '#libs/client/connect-ledgate.js';
import { channelCredentials, isLocal } from '#libs/client/rpc/channel-credentials.js';

describe('isLocal', () => {
  it.each([
    'localhost:1',
    '127.0.0.1:1',
    '127.8.9.1:1',
    '[::1]:1',
    'dns:///localhost:1',
    'ipv4:127.0.0.1:1',
    'unix:/tmp/s',
  ])('takes %s for this machine', (address) => {
    expect(isLocal(address)).toBe(true);
  });

  it.each([
    'authz:1',
    'localhost.example.com:1',
    '127.0.0.1.example.com:1',
    '10.0.0.1:1',
    '1127.0.0.1:1',
  ])('does not take %s for this machine', (address) => {
    expect(isLocal(address)).toBe(false);
  });
});

describe('channelCredentials', () => {
  const secure = (...args: Parameters<typeof channelCredentials>) =>
    channelCredentials(...args)._isSecure();

  it('sends a credential in plaintext only on this machine or when told so', () => {
    expect(secure('127.0.0.1:1', undefined)).toBe(false);
    expect(secure('authz:1', undefined)).toBe(true);
    expect(secure('authz:1', {})).toBe(true);
    expect(secure('127.0.0.1:1', {})).toBe(true);
    expect(secure('authz:1', 'plaintext')).toBe(false);
  });
});

describe('connectLedgate', () => {
  it('refuses options that cannot work', () => {
    expect(() => connectLedgate({ address: [], credential: 'k' })).toThrow(TypeError);
    expect(() => connectLedgate({ address: ['a:1', ''], credential: 'k' })).toThrow(TypeError);
    expect(() => connectLedgate({ address: 'a:1', credential: 'k', deadlineMs: 0 })).toThrow(
      TypeError,
    );
    expect(() => connectLedgate({ address: 'a:1', credential: 'k', deadlineMs: NaN })).toThrow(
      TypeError,
    );
  });
});
