import { ChannelCredentials } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { connect } from '#libs/grpc/connect.js';
import { createServer, isLoopback, listen } from '#libs/grpc/server.js';
import { HealthClient } from '#proto/grpc/health/v1/health.js';

describe('plaintext', () => {
  it.each([
    '127.0.0.1:0',
    '127.9.9.9:1',
    'localhost:50051',
    '[::1]:0',
    'unix:/tmp/x',
    'dns:///localhost:1',
  ])('is allowed on %s', (address) => expect(isLoopback(address)).toBe(true));

  it.each([
    '0.0.0.0:0',
    '[::]:0',
    '10.0.0.1:1',
    'localhost.evil.example:1',
    '127.0.0.1.evil.example:1',
    '127.1:1',
    '[::ffff:10.0.0.1]:1',
    ':1',
    'localhost',
    '',
  ])('is refused on %j', async (address) => {
    expect(isLoopback(address)).toBe(false);
    const options = { address, credentials: undefined, allowPlaintext: false };
    await expect(listen(createServer(), options)).rejects.toThrow(Failure);
    expect(() => connect(HealthClient, options)).toThrow(Failure);
  });

  it('is not in question with TLS, nor when allowed', () => {
    const address = 'identity.example:443';
    const tls = ChannelCredentials.createSsl();
    const encrypted = connect(HealthClient, { address, credentials: tls, allowPlaintext: false });
    const allowed = connect(HealthClient, {
      address,
      credentials: undefined,
      allowPlaintext: true,
    });
    expect([encrypted, allowed]).toHaveLength(2);
    encrypted.close();
    allowed.close();
  });
});
