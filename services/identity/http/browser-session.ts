import type { Context } from 'hono';
import { cookieName, cookieText, parseCookies } from './cookies.js';

/**
 * The cookie that holds a session token in a browser. What it is worth is for the ledger to say:
 * `findSession`.
 */
export class BrowserSession {
  /** Name of the cookie. */
  readonly name: string;
  readonly #secure: boolean;

  constructor(secure: boolean) {
    this.#secure = secure;
    this.name = cookieName('ledgate', secure);
  }

  /** The session token that came with a request. */
  read(c: Context): string | undefined {
    return this.tokenIn(c.req.header('cookie'));
  }

  /** The same from a cookie header. */
  tokenIn(header: string | undefined): string | undefined {
    const value = parseCookies(header).get(this.name);
    return value === undefined || value === '' ? undefined : value;
  }

  /** Keeps a token for this long, s; absent: until the browser closes. */
  set(c: Context, token: string, maxAgeS?: number): void {
    c.header('set-cookie', this.cookie(token, maxAgeS), { append: true });
  }

  clear(c: Context): void {
    c.header('set-cookie', this.cookie('', 0), { append: true });
  }

  /** The Set-Cookie text. */
  cookie(token: string, maxAgeS?: number): string {
    return cookieText(this.name, token, { secure: this.#secure, maxAgeS });
  }
}
