import { Failure } from '#libs/errors/failure.js';
import type { Confirmation } from '#libs/tokens/access-claims.js';
import { proofWindowMs, verifyDpopProof } from '#libs/tokens/dpop-proof.js';
import { limits } from './limits.js';
import type { Possession, PresentedProof } from './question.js';
import type { Reason } from './reasons.js';

/** A proof whose `iat` lies at the far end of its window is good for so long. */
const rememberedMs = 2 * proofWindowMs;

/**
 * Judges whether whoever presents a token has the key that it is bound to (RFC 8705, RFC 9449). A DPoP
 * proof is taken once by this authorizer: its `jti` is remembered for as long as it could be used again.
 * Their number is bounded; when it is reached, nothing is forgotten early, but further proofs are
 * refused. Only whoever has a good token bound to a key gets so far.
 */
export class KeyProofs {
  /** Oldest first, as all are remembered for the same time. */
  readonly #taken = new Map<string, number>();

  get size(): number {
    return this.#taken.size;
  }

  /** Why the token is refused; undefined: the proof is right. Throws OVERLOADED. */
  judge(
    token: string,
    { method, thumbprint }: Confirmation,
    possession: Possession | undefined,
    nowMs: number,
  ): Reason | undefined {
    if (possession === undefined) return 'PROOF_REQUIRED';
    const { certificateSha256, verifiedJkt, dpop } = possession;
    if (method === 'x5t#S256') return judged(certificateSha256, thumbprint);
    if (dpop === undefined) return judged(verifiedJkt, thumbprint);
    return this.#dpop(token, thumbprint, dpop, nowMs);
  }

  sweep(nowMs: number): void {
    for (const [id, untilMs] of this.#taken) {
      if (untilMs > nowMs) return;
      this.#taken.delete(id);
    }
  }

  #dpop(
    accessToken: string,
    thumbprint: string,
    { proof, httpMethod, httpUri }: PresentedProof,
    nowMs: number,
  ): Reason | undefined {
    const verdict = verifyDpopProof(proof, { httpMethod, httpUri, accessToken }, nowMs);
    if (!verdict.ok || verdict.jkt !== thumbprint) return 'PROOF_INVALID';
    const id = `${verdict.jkt}.${verdict.jti}`;
    this.sweep(nowMs);
    if (this.#taken.has(id)) return 'PROOF_INVALID';
    if (this.#taken.size >= limits.proofs) {
      throw new Failure('OVERLOADED', 'too many proofs in a short time: retry later', {
        retryAfterMs: 1_000,
      });
    }
    this.#taken.set(id, nowMs + rememberedMs);
    return undefined;
  }
}

function judged(presented: string, thumbprint: string): Reason | undefined {
  if (presented === '') return 'PROOF_REQUIRED';
  return presented === thumbprint ? undefined : 'PROOF_INVALID';
}
