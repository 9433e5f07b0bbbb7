import type { ViewState } from '#libs/access/projection/view-state.js';
import { BoundedCache } from '#libs/runtime/bounded-cache.js';
import type { AccessClaims } from '#libs/tokens/access-claims.js';

/** An access token whose signature, issuer and shape are right. */
export interface VerifiedText {
  readonly claims: AccessClaims;
  readonly kid: string;
}

const most = 8_192;
const longestMs = 60_000;

/**
 * Texts of access tokens that were verified: that never changes, as a kid is the thumbprint of its
 * key. Everything that can change (the key's status, watermarks, expiry), and the audience, is for
 * whoever asks to judge anew.
 */
export class VerifiedTexts {
  readonly #known = new BoundedCache<VerifiedText>(most, longestMs);
  #of: ViewState | undefined;

  /** One that was verified with the keys of this view. */
  find(text: string, view: ViewState, nowMs: number): VerifiedText | undefined {
    this.#forgetIfNotOf(view);
    return this.#known.get(text, nowMs);
  }

  add(text: string, view: ViewState, nowMs: number, verified: VerifiedText): void {
    this.#forgetIfNotOf(view);
    this.#known.set(text, verified, nowMs, verified.claims.expiresAtS * 1000);
  }

  /** Another view is that of another ledger: one that was restored. */
  #forgetIfNotOf(view: ViewState): void {
    if (this.#of !== view) this.#known.clear();
    this.#of = view;
  }
}
