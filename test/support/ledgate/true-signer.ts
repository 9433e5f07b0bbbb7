import { SignJWT } from 'jose';
import { importPrivateKey, type SigningKey } from '#libs/tokens/signing-key.js';
import { eventsOf, signingKeyContext, vaultOf } from '../secrets/vault-secrets.js';
import type { Pair } from './running-pair.js';

export type Claims = Readonly<Record<string, unknown>>;

/** Signs what identity itself would never say, with the very key that identity signs with. */
export interface TrueSigner {
  readonly key: SigningKey;
  sign(claims: Claims, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

export async function trueSigner(
  pair: Pick<Pair, 'log' | 'vault' | 'dataDir'>,
): Promise<TrueSigner> {
  const events = await eventsOf(pair.log);
  const published = events.flatMap(({ event }) =>
    event.type === 'SigningKeyPublished' ? [event] : [],
  );
  const last = published.at(-1);
  if (last === undefined) throw new Error('there is no signing key');
  const { vault } = vaultOf(pair);
  const bytes = await vault.open(last.privateKey, signingKeyContext);
  if (bytes === undefined) throw new Error('the signing key is not in the vault');
  const key = await importPrivateKey(last.algorithm, bytes);
  return {
    key,
    sign: (claims, header = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: key.algorithm, typ: 'at+jwt', kid: key.kid, ...header })
        .sign(key.privateKey),
  };
}

export function claimsOf(token: string): Record<string, unknown> {
  const payload = token.split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}
