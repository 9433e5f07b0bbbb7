/** The path of a request target in origin form (RFC 9112 section 3.2.1), as it was sent. */
export function rawPath(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** The path of an absolute URL, as it was sent. */
export function rawPathOfUrl(url: string): string {
  const slash = url.indexOf('/', url.indexOf('//') + 2);
  return slash === -1 ? '/' : rawPath(url.slice(slash));
}

/**
 * Whether frameworks and proxies may read a path in different ways: encoded slashes, backslashes and
 * dots, dot segments, broken escapes, control characters. Such a path is refused, not normalised.
 */
export function isAmbiguous(path: string): boolean {
  if (!path.startsWith('/') || /[^\x21-\x7e]|[\\#]/.test(path)) return true;
  if (/%(?:25)*(?:00|2[ef]|5c)/i.test(path) || /%(?![0-9a-f]{2})/i.test(path)) return true;
  return path.split('/').some((segment) => segment === '.' || segment === '..');
}

/** Stricter, where routes are matched by us and again by the framework: one spelling only. */
export function isCanonical(path: string): boolean {
  if (isAmbiguous(path) || path.includes(';')) return false;
  if (path !== '/' && path.split('/').slice(1).includes('')) return false;
  // RFC 3986 section 6.2.2.2: unreserved characters are not to be encoded.
  return !/%(?:2d|3\d|[46][1-9a-f]|[57][0-9a]|5f|7e)/i.test(path);
}
