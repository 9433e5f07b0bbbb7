import { verifyDpopProof } from '#libs/tokens/dpop-proof.js';
import type { FormRequest } from './form-request.js';
import { OauthError } from './oauth-error.js';
import type { OauthParts } from './oauth-parts.js';

/** So far the clocks of clients may be from ours where they show no nonce of ours. */
const windowMs = 300_000;
/** A proof whose `iat` lies at the far end of its window is good for so long. */
export const proofKeptMs = 2 * windowMs;
/** Those that this server announces (RFC 9449, section 5.1). */
export const proofAlgorithms = ['ES256', 'EdDSA', 'Ed25519'] as const;

/**
 * Thumbprint (RFC 7638) of the key that the request proves to have (RFC 9449, section 5); undefined:
 * it shows no proof. A proof is taken once by this instance: ask when the client is known to be the one,
 * so that nobody else fills the memory. Nonces are not demanded, but offered with every answer, and
 * whoever uses them needs no right clock (section 8).
 *
 * @throws OauthError invalid_dpop_proof, use_dpop_nonce, or invalid_grant for one that was taken.
 */
export function proofKey(
  parts: OauthParts,
  { incoming, outgoing }: FormRequest,
): string | undefined {
  const { clock, issuer, nonces, proofs } = parts;
  const proof = incoming.headers['dpop'];
  if (proof === undefined || proof === '') return undefined;
  const nowMs = clock.wallMs();
  const [path = ''] = (incoming.url ?? '').split('?', 1);
  const rules = {
    httpMethod: incoming.method ?? '',
    httpUri: `${issuer.origin}${path}`,
    algorithms: proofAlgorithms,
    lately: false,
  };
  // Two headers of the name are one text with a comma, which is no proof.
  const verdict = verifyDpopProof(String(proof), rules, nowMs);
  if (!verdict.ok) throw invalidProof(verdict.why);
  const { jkt, jti, nonce, issuedAtMs } = verdict;
  const next = nonces.next(nowMs);
  if (nonce !== next) outgoing.setHeader('dpop-nonce', next);
  if (nonce === undefined || nonce === '') {
    if (Math.abs(nowMs - issuedAtMs) > windowMs) throw useNonce('iat is not recent enough');
  } else if (!nonces.isGood(nonce, nowMs)) {
    throw useNonce('the nonce is not one of this server, or old');
  }
  if (proofs.take(`${jkt}.${jti}`, nowMs, nowMs + proofKeptMs)) return jkt;
  throw new OauthError('invalid_grant', 'the DPoP proof was used before');
}

function invalidProof(detail: string): OauthError {
  return new OauthError('invalid_dpop_proof', 'the DPoP proof is not good', { detail });
}

function useNonce(detail: string): OauthError {
  const description = `${detail}: use the nonce of this answer in the DPoP proof`;
  return new OauthError('use_dpop_nonce', description, { detail });
}
