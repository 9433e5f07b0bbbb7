import { KeyObject, sign } from 'node:crypto';
import type { AccessClaims } from '#libs/tokens/access-claims.js';
import { importPublicJwk } from '#libs/tokens/keys.js';
import { generateSigningKey, type SigningKey } from '#libs/tokens/signing-key.js';
import type { TokenRules } from '#libs/tokens/verify-access-token.js';

export const nowMs = 1_800_000_000_000;
export const nowS = nowMs / 1000;

export const claims: AccessClaims = {
  issuer: 'https://id.example',
  subject: '0190a0a0-0000-7000-8000-000000000001',
  tenant: '0190a0a0-0000-7000-8000-000000000002',
  audience: 'https://api.example',
  issuedAtS: nowS - 60,
  expiresAtS: nowS + 540,
  tokenId: 'AAAAAAAAAAAAAAAAAAAAAA',
  scopes: ['orders:read', 'invoices:*'],
  amr: ['pwd'],
  authTimeS: nowS - 60,
  ledger: { epoch: 1, position: 4711, authPosition: 4000, credential: 'cred-1' },
};

export const keys = {
  EdDSA: await generateSigningKey('EdDSA'),
  ES256: await generateSigningKey('ES256'),
  RS256: await generateSigningKey('RS256'),
};

export function rulesFor(...signers: readonly SigningKey[]): TokenRules {
  return {
    keys: new Map(signers.map((key) => [key.kid, importPublicJwk(key.publicJwk)])),
    issuer: claims.issuer,
    audiences: new Set([claims.audience]),
  };
}

export const b64 = (text: string): string => Buffer.from(text).toString('base64url');

/** A token with any header and payload text at all, truly signed with the Ed25519 key. */
export function forge(header: string, payload: string): string {
  const input = `${b64(header)}.${b64(payload)}`;
  const key = KeyObject.from(keys.EdDSA.privateKey);
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
}

/** The payload of a good token, as an object to break. */
export function payloadOf(token: string): Record<string, unknown> {
  const part = token.split('.')[1] ?? '';
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}
