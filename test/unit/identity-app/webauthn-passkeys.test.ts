import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { WebauthnPasskeys } from '#services/identity/adapters/webauthn-passkeys.js';
import type { NewPasskey } from '#services/identity/ports/passkeys.js';
import { SoftAuthenticator, type Ceremony } from '../../support/identity/soft-authenticator.js';

const origin = 'https://login.ledgate.test';
const passkeys = new WebauthnPasskeys({ id: 'ledgate.test', name: 'Ledgate', origins: [origin] });
const user = { handle: Buffer.from('handle of ann'), name: 'ann', displayName: 'Ann' };

async function registered(): Promise<{ device: SoftAuthenticator; key: NewPasskey }> {
  const device = new SoftAuthenticator(origin);
  const challenge = randomBytes(32);
  const options = await passkeys.creationOptions(user, challenge, []);
  const key = await passkeys.verifyCreation(device.create(options), challenge);
  if (key === undefined) throw new Error('an honest registration was refused');
  return { device, key };
}

const wrong: readonly (readonly [name: string, ceremony: Ceremony])[] = [
  ['another origin', { origin: 'https://login.evil.test' }],
  ['the origin with another port', { origin: `${origin}:8443` }],
  ['another relying party', { rpId: 'evil.test' }],
  [
    'CVE-2026-28787: a challenge of its own choice',
    { challenge: randomBytes(32).toString('base64url') },
  ],
];

describe('passkeys', () => {
  it('are registered, then sign', async () => {
    const { device, key } = await registered();
    expect(key).toMatchObject({ userVerified: true, transports: ['internal'], signCount: 1 });
    const challenge = randomBytes(32);
    const options = await passkeys.requestOptions(challenge, [key], 'required');
    const answer = device.get(options);
    expect(passkeys.claimed(answer)).toEqual({
      webauthnId: key.webauthnId,
      userHandle: Buffer.from(user.handle).toString('base64url'),
    });
    const verified = await passkeys.verifyAssertion(answer, challenge, key);
    expect(verified).toEqual({ signCount: 2, userVerified: true });
  });

  it.each(wrong)('are not registered for %s', async (_, ceremony) => {
    const challenge = randomBytes(32);
    const options = await passkeys.creationOptions(user, challenge, []);
    const answer = new SoftAuthenticator(origin).create(options, ceremony);
    expect(await passkeys.verifyCreation(answer, challenge)).toBeUndefined();
  });

  it.each(wrong)('do not sign for %s', async (_, ceremony) => {
    const { device, key } = await registered();
    const challenge = randomBytes(32);
    const options = await passkeys.requestOptions(challenge, [key], 'preferred');
    const answer = device.get(options, ceremony);
    expect(await passkeys.verifyAssertion(answer, challenge, key)).toBeUndefined();
  });

  it('are not mistaken for one another', async () => {
    const [one, two] = [await registered(), await registered()];
    const challenge = randomBytes(32);
    const answer = one.device.get(await passkeys.requestOptions(challenge, [], 'preferred'));
    expect(await passkeys.verifyAssertion(answer, challenge, two.key)).toBeUndefined();
    const { webauthnId } = one.key;
    const mixed = { ...two.key, webauthnId };
    expect(await passkeys.verifyAssertion(answer, challenge, mixed)).toBeUndefined();
  });

  it('say whether the user was verified', async () => {
    const { device, key } = await registered();
    const challenge = randomBytes(32);
    const options = await passkeys.requestOptions(challenge, [], 'preferred');
    const answer = device.get(options, { userVerified: false });
    const verified = await passkeys.verifyAssertion(answer, challenge, key);
    expect(verified?.userVerified).toBe(false);
  });

  it.each(['', 'null', '[]', '{}', '{"id":1}', '{"id":"x","response":null}', 'x'.repeat(20_000)])(
    'refuse what is no answer: %.30s',
    async (text) => {
      const { key } = await registered();
      const challenge = randomBytes(32);
      expect(await passkeys.verifyCreation(text, challenge)).toBeUndefined();
      expect(await passkeys.verifyAssertion(text, challenge, key)).toBeUndefined();
    },
  );
});
