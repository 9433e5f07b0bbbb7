import type { TokenFacts } from '#libs/access/evaluate/credential-status.js';
import type { CredentialLimits } from '#libs/access/projection/api-key.js';
import type { ViewState } from '#libs/access/projection/view-state.js';
import { importPublicJwk, type VerificationKey } from '#libs/tokens/keys.js';
import { verifyAccessToken } from '#libs/tokens/verify-access-token.js';
import { BoundedCache, type CacheUse } from './bounded-cache.js';
import { limits } from './limits.js';
import { tokenReasons, type Reason } from './reasons.js';

/** A token whose signature, issuer, audience and shape are right. Whether it is good is another matter. */
export interface VerifiedToken {
  readonly facts: TokenFacts & { readonly scopes: readonly string[] };
  /** What it leaves of its principal's rights, as long as its signing key stays active. */
  readonly limits: CredentialLimits;
  readonly epoch: number;
  /** Position of L that whoever judges it must have read. */
  readonly position: number;
  readonly amr: readonly string[];
}

/** A `scope` claim that is there and empty allows nothing; so does this pattern, which matches none. */
export const nothing: readonly string[] = Object.freeze(['none*']);

/**
 * Verifies access tokens, and remembers which texts it has verified: that never changes, as a kid is
 * the thumbprint of its key. Everything that can change (the key's status, watermarks, expiry) is
 * looked up anew on each use, by `tokenStatus`.
 */
export class VerifiedTokens {
  readonly #issuer: string;
  readonly #audiences: ReadonlySet<string>;
  readonly #cache = new BoundedCache<VerifiedToken>(limits.cachedTokens, limits.cacheMs);
  #keys = new Map<string, VerificationKey>();
  #keysOf: ViewState | undefined;
  #known = 0;

  constructor(issuer: string, audiences: readonly string[]) {
    this.#issuer = issuer;
    this.#audiences = new Set(audiences);
  }

  get cacheUse(): CacheUse {
    return this.#cache.use;
  }

  get size(): number {
    return this.#cache.size;
  }

  verify(text: string, view: ViewState, nowMs: number): VerifiedToken | Reason {
    const cached = this.#cache.get(text, nowMs);
    if (cached !== undefined && this.#keysOf === view) return cached;
    const rules = {
      keys: this.#currentKeys(view),
      issuer: this.#issuer,
      audiences: this.#audiences,
    };
    const verdict = verifyAccessToken(text, rules, nowMs);
    if (!verdict.ok) return tokenReasons[verdict.why];
    const { claims, kid } = verdict;
    const expiresAtMs = claims.expiresAtS * 1000;
    const scopes = claims.scopes?.length === 0 ? nothing : (claims.scopes ?? []);
    const verified: VerifiedToken = {
      facts: {
        tenant: claims.tenant,
        principal: claims.subject,
        client: '',
        kid,
        authPosition: claims.ledger.authPosition,
        credential: claims.ledger.credential,
        expiresAtMs,
        scopes,
      },
      limits: { scopes, resourcePrefix: '', expiresAtMs },
      epoch: claims.ledger.epoch,
      position: claims.ledger.position,
      amr: claims.amr,
    };
    this.#cache.set(text, verified, nowMs, expiresAtMs);
    return verified;
  }

  sweep(nowMs: number): void {
    this.#cache.sweep(nowMs);
  }

  /** Keys are added and change their status, but a view forgets none: their number tells. */
  #currentKeys(view: ViewState): ReadonlyMap<string, VerificationKey> {
    const { signingKeys } = view;
    if (this.#keysOf === view && this.#known === signingKeys.size) return this.#keys;
    if (this.#keysOf !== view) this.#cache.clear();
    this.#keysOf = view;
    this.#known = signingKeys.size;
    this.#keys = new Map();
    for (const key of signingKeys.values()) {
      const imported = importKey(key.publicJwk);
      // The map's own name counts: a JWK that says another one is no key of ours.
      if (imported?.kid === key.kid) this.#keys.set(key.kid, imported);
    }
    return this.#keys;
  }
}

/** A key that cannot be read verifies nothing; it must not keep the others from it. */
function importKey(publicJwk: string): VerificationKey | undefined {
  try {
    return importPublicJwk(publicJwk);
  } catch {
    return undefined;
  }
}
