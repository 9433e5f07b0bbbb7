/** Set-Cookie attributes that are ours in all cookies: HttpOnly, SameSite=Lax, Path=/. */
export interface CookieOptions {
  readonly secure: boolean;
  /** Lifetime, s; 0 removes it; absent: until the browser closes. */
  readonly maxAgeS?: number | undefined;
}

/** A cookie's value must not need quoting (RFC 6265 section 4.1.1); ours are base64url or tokens. */
const cookieValue = /^[\w.~-]*$/u;

/** Values by name; the first of a name counts, as browsers send the closest path first. */
export function parseCookies(header: string | undefined): Map<string, string> {
  const found = new Map<string, string>();
  if (header === undefined) return found;
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const name = part.slice(0, equals).trim();
    if (!found.has(name)) found.set(name, part.slice(equals + 1).trim());
  }
  return found;
}

/** One Set-Cookie header. */
export function cookieText(name: string, value: string, options: CookieOptions): string {
  if (!cookieValue.test(value)) throw new RangeError('a cookie holds base64url only');
  const { secure, maxAgeS } = options;
  const parts = [`${name}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax'];
  if (secure) parts.push('Secure');
  if (maxAgeS !== undefined) parts.push(`Max-Age=${Math.floor(maxAgeS)}`);
  return parts.join('; ');
}

/**
 * Name of one of our cookies: `__Host-` where the browser can hold us to it (RFC 6265bis section
 * 4.1.3.2: Secure, this host only, whole site), plain on a loopback address without TLS.
 */
export function cookieName(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}
