import { parseCompactJws, parseObject } from '#libs/tokens/compact-jws.js';
import type { AccessClaims } from '#libs/tokens/access-claims.js';
import { readClaims } from '#libs/tokens/read-claims.js';
import { Failure } from '#libs/errors/failure.js';
import { CallerGate } from '#services/identity/app/caller.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { VerifiedTexts } from '#services/identity/app/verified-texts.js';

/** A token that is good now, as it says itself; `act` only where it was exchanged (RFC 8693). */
export interface GoodToken {
  readonly claims: AccessClaims;
  readonly act: unknown;
}

const mostGates = 64;
const waitMs = 250;

/**
 * Judges access tokens for whoever may ask about them, whatever audience they are for: by signature,
 * expiry, and everything in both ledgers that ends a token.
 */
export class LiveTokens {
  readonly #parts: IdentityParts;
  /** One for each audience: what it accepts is settled when it is made. */
  readonly #gates = new Map<string, CallerGate>();
  readonly #verified = new VerifiedTexts();

  constructor(parts: IdentityParts) {
    this.#parts = parts;
  }

  /** Undefined: not good, for any reason. Rejects when that cannot be said now. */
  async find(text: string): Promise<GoodToken | undefined> {
    const jws = parseCompactJws(text);
    const fields = jws && parseObject(jws.payload);
    const claims = fields && readClaims(fields);
    if (fields === undefined || claims === undefined) return undefined;
    const nowMs = this.#parts.clock.wallMs();
    try {
      // What was read before the signature is believed only because this does not refuse it.
      await this.#gate(claims.audience).admit(text, nowMs, waitMs);
    } catch (error) {
      if (error instanceof Failure && error.reason === 'CALLER_UNAUTHENTICATED') return undefined;
      throw error;
    }
    return { claims, act: fields['act'] };
  }

  #gate(audience: string): CallerGate {
    const known = this.#gates.get(audience);
    if (known !== undefined) return known;
    if (this.#gates.size >= mostGates) this.#gates.clear();
    const { issuer } = this.#parts;
    const gate = new CallerGate(this.#parts, issuer, [audience], true, this.#verified);
    this.#gates.set(audience, gate);
    return gate;
  }
}
