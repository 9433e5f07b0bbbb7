import type { MasterKeys } from '#libs/runtime/master-keys.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { BackChannel, type Endpoint } from './back-channel.js';
import { CurrentSigner } from './current-signer.js';
import { DpopNonces } from './dpop-nonces.js';
import { introspect } from './introspect.js';
import type { OauthParts } from './oauth-parts.js';
import { revoke } from './revoke.js';
import { TokenEndpoint } from './token-endpoint.js';

/** The token, introspection and revocation endpoints over what the other endpoints use too. */
export function startBackChannel(
  parts: IdentityParts,
  masterKeys: MasterKeys,
  { ledger, sealed, issuer, proofs }: Pick<OauthParts, 'ledger' | 'sealed' | 'issuer' | 'proofs'>,
): BackChannel {
  const { clock, ids, log } = parts;
  const nonces = new DpopNonces(masterKeys.derive('dpop nonces'));
  const own = { ledger, sealed, issuer, clock, ids, log, nonces, proofs };
  const token = new TokenEndpoint(own, new CurrentSigner(parts));
  return new BackChannel(
    own,
    new Map<string, Endpoint>([
      ['/oauth/token', (form) => token.answer(form)],
      ['/oauth/introspect', (form) => introspect(own, form)],
      ['/oauth/revoke', (form) => revoke(own, form)],
    ]),
  );
}
