import { nothing } from '#libs/access/evaluate/scope-limits.js';
import type { TokenFacts, TokenPlace } from '#libs/access/evaluate/token-facts.js';
import type { CredentialLimits } from '#libs/access/projection/api-key.js';
import type { ViewState } from '#libs/access/projection/view-state.js';
import type { Confirmation } from '#libs/tokens/access-claims.js';
import { importPublicJwk, type VerificationKey } from '#libs/tokens/keys.js';
import { factsOf } from '#libs/tokens/token-facts.js';
import { verifyAccessToken } from '#libs/tokens/verify-access-token.js';
import { BoundedCache, type CacheUse } from '#libs/runtime/bounded-cache.js';
import { limits } from './limits.js';
import { tokenReasons, type Reason } from './reasons.js';

/** A token whose signature, issuer, audience and shape are right. Whether it is good is another matter. */
export interface VerifiedToken {
  readonly facts: TokenFacts & {
    readonly scopes: readonly string[];
    readonly place: TokenPlace;
  };
  /** What it leaves of its principal's rights, as long as its signing key stays active. */
  readonly limits: CredentialLimits;
  readonly epoch: number;
  /** Position of L that whoever judges it must have read. */
  readonly position: number;
  /** The same of S; −1: none. */
  readonly sessionPosition: number;
  readonly amr: readonly string[];
  /** `''`: the token does not say. */
  readonly acr: string;
  readonly authTimeMs: number;
  /** The key that whoever presents it must prove to have. */
  readonly confirmation: Confirmation | undefined;
}

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
    const facts = factsOf(claims, kid);
    const { expiresAtMs, issuedInOutage } = facts;
    // A claim that is there and empty allows nothing; absent, it is no limit.
    const scopes = claims.scopes?.length === 0 ? nothing : facts.scopes;
    const verified: VerifiedToken = {
      facts: { ...facts, scopes },
      limits: { scopes, resourcePrefix: '', expiresAtMs, issuedInOutage },
      epoch: claims.ledger.epoch,
      position: claims.ledger.position,
      sessionPosition: claims.ledger.sessionPosition ?? -1,
      amr: claims.amr,
      acr: claims.acr ?? '',
      authTimeMs: claims.authTimeS * 1000,
      confirmation: claims.confirmation,
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
