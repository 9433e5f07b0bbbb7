import { hkdfSync } from 'node:crypto';

const stepMs = 60_000;
/** Steps around the one of now whose nonces are taken; the one ahead is given out. */
const window = [-2, -1, 0, 1, 2];
const ahead = window.indexOf(1);

/**
 * Nonces for DPoP proofs (RFC 9449, section 8) that need no memory: every minute has its own, derived
 * (RFC 5869) from a secret that all instances share. The engine makes the same ones, by the same
 * secret, so that a client has one for all endpoints.
 */
export class DpopNonces {
  readonly #secret: Uint8Array;
  #step = Number.NaN;
  #nonces: readonly string[] = [];

  /** `secret`: 32 bytes. */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** The one to give out; `nowMs` since the Unix epoch. */
  next(nowMs: number): string {
    return this.#around(nowMs)[ahead] ?? '';
  }

  /** Whether it was given out in the last minutes. What it is compared with is no secret for long. */
  isGood(nonce: string, nowMs: number): boolean {
    return this.#around(nowMs).includes(nonce);
  }

  #around(nowMs: number): readonly string[] {
    const step = Math.floor(nowMs / stepMs);
    if (step !== this.#step) {
      this.#step = step;
      this.#nonces = window.map((by) => this.#of(step + by));
    }
    return this.#nonces;
  }

  #of(step: number): string {
    const salt = Buffer.alloc(8);
    salt.writeBigUInt64BE(BigInt(step));
    return Buffer.from(hkdfSync('sha256', this.#secret, salt, 'DPoP', 32)).toString('base64url');
  }
}
