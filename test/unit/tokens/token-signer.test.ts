import { compactVerify, importJWK, type JWK } from 'jose';
import { expect, test } from 'vitest';
import { generateSigningKey } from '#libs/tokens/signing-key.js';
import { TokenSigner } from '#libs/tokens/token-signer.js';

const payload = { sub: 'älice', scope: 'orders:read', amr: ['pwd'] };

test.each(['EdDSA', 'ES256', 'RS256'] as const)(
  '%s: whoever has the public key is content',
  async (alg) => {
    const key = await generateSigningKey(alg);
    const signer = new TokenSigner(key);
    const publicKey = await importJWK(JSON.parse(key.publicJwk) as JWK, alg);
    for (const typ of ['at+jwt', '', 'at+jwt'] as const) {
      const verified = await compactVerify(await signer.sign(typ, payload), publicKey);
      expect(JSON.parse(Buffer.from(verified.payload).toString('utf8'))).toEqual(payload);
      const named = typ === '' ? {} : { typ };
      expect(verified.protectedHeader).toEqual({ alg, kid: key.kid, ...named });
    }
    await expect(
      compactVerify(`${await signer.sign('', { ...payload, sub: 'bob' })}x`, publicKey),
    ).rejects.toThrow();
  },
);

test('only what takes long to sign is a promise', async () => {
  const [quick, slow] = await Promise.all([
    generateSigningKey('EdDSA'),
    generateSigningKey('RS256'),
  ]);
  expect(new TokenSigner(quick).sign('', payload)).toBeTypeOf('string');
  expect(new TokenSigner(slow).sign('', payload)).toBeInstanceOf(Promise);
});
