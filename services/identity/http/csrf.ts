import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import type { Random } from '#libs/runtime/ids.js';
import { cookieName, cookieText, parseCookies } from './cookies.js';

/** Name of the form field. */
export const csrfField = 'csrf';
const seedBytes = 18;

/**
 * Against forms that others make a browser send (OWASP: signed double submit). The seed lies in a
 * cookie of this host, the field holds its MAC: whoever can read neither cannot send a form. What
 * is more, a request that its browser says comes from elsewhere is refused.
 */
export class Csrf {
  readonly #key: Uint8Array;
  readonly #random: Random;
  readonly #secure: boolean;
  readonly #origin: string;
  readonly #name: string;

  constructor(key: Uint8Array, random: Random, issuer: URL) {
    this.#key = key;
    this.#random = random;
    this.#secure = issuer.protocol === 'https:';
    this.#origin = issuer.origin;
    this.#name = cookieName('ledgate_csrf', this.#secure);
  }

  /** For the hidden field of a form; sets the cookie where there is none. */
  token(c: Context): string {
    const known = this.#seedOf(c);
    if (known !== undefined) return this.#mac(known);
    const seed = Buffer.from(this.#random.bytes(seedBytes)).toString('base64url');
    c.header('set-cookie', cookieText(this.#name, seed, { secure: this.#secure }), {
      append: true,
    });
    return this.#mac(seed);
  }

  /** @throws Failure FORBIDDEN when the form was not made by us for this browser. */
  check(c: Context, field: unknown): void {
    const seed = this.#seedOf(c);
    const origin = c.req.header('origin');
    const site = c.req.header('sec-fetch-site') ?? 'same-origin';
    const ours = origin === undefined || origin === this.#origin;
    const sent = Buffer.from(typeof field === 'string' ? field : '');
    const wanted = Buffer.from(seed === undefined ? '' : this.#mac(seed));
    const fits =
      wanted.length > 0 && sent.length === wanted.length && timingSafeEqual(sent, wanted);
    if (ours && fits && (site === 'same-origin' || site === 'none')) return;
    throw new Failure(
      'PERMISSION_DENIED',
      'this form is too old, or not ours: load the page again',
    );
  }

  #seedOf(c: Context): string | undefined {
    const seed = parseCookies(c.req.header('cookie')).get(this.#name);
    return seed === undefined || seed === '' ? undefined : seed;
  }

  #mac(seed: string): string {
    return createHmac('sha256', this.#key).update(`form ${seed}`).digest('base64url');
  }
}
