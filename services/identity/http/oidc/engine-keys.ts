import { exportPrivateJwk } from '#libs/tokens/signing-key.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import {
  keyrings,
  signingKeys,
  type SigningKeyDocument,
} from '#services/identity/domain/signing-key/state.js';
import type { ProviderKeys } from './provider-config.js';

type Signing = Pick<ProviderKeys, 'jwks' | 'algorithm'>;

/** Changes whenever the engine has to be made anew: a key was published, activated or removed. */
export function keysFingerprint(parts: IdentityParts): string {
  return usableKeys(parts)
    .map(([kid, key]) => `${kid} ${key.status}`)
    .join(',');
}

/** The keys of the issuer with their private halves, the active one first. */
export async function loadKeys(parts: IdentityParts): Promise<Signing> {
  const active = await parts.signingKeys.active();
  const others = usableKeys(parts).filter(([kid]) => kid !== active.kid);
  const keys = [active];
  for (const [kid, key] of others) keys.push(await parts.signingKeys.open({ ...key, kid }));
  const jwks = { keys: await Promise.all(keys.map(exportPrivateJwk)) };
  return { jwks, algorithm: active.algorithm };
}

function usableKeys(parts: IdentityParts): readonly (readonly [string, SigningKeyDocument])[] {
  const view = documentsOf(parts.ledger.state);
  const { kids } = keyrings.read(view, '', parts.issuer) ?? { kids: [] };
  return kids.flatMap((kid) => {
    const key = signingKeys.read(view, '', kid);
    return key === undefined || key.status === 'COMPROMISED' ? [] : [[kid, key] as const];
  });
}
