/**
 * Permissions are `area:verb` texts. Roles and scopes may hold patterns: `*` (every permission) or a
 * text that ends in `:*` (`orders:*`: everything below `orders:`). A `*` anywhere else matches nothing.
 */

const star = 0x2a;
const colon = 0x3a;

/** Whether `pattern` covers the exact permission `action`. Allocates nothing. */
export function matchesPermission(pattern: string, action: string): boolean {
  if (pattern === action) return isExactPermission(action);
  const stem = pattern.length - 1;
  if (stem < 0 || pattern.charCodeAt(stem) !== star || !isExactPermission(action)) return false;
  if (stem === 0) return true;
  if (pattern.charCodeAt(stem - 1) !== colon || action.length <= stem) return false;
  for (let i = 0; i < stem; i++) {
    const code = pattern.charCodeAt(i);
    if (code === star || code !== action.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether any of the patterns covers the exact permission `action`. Allocates nothing. */
export function anyMatches(patterns: readonly string[], action: string): boolean {
  for (let i = 0; i < patterns.length; i++) {
    if (matchesPermission(patterns[i] as string, action)) return true;
  }
  return false;
}

/**
 * The same for a set: looks up the patterns that would cover it, so that the cost does not grow with
 * what a tenant lists.
 */
export function holdsMatch(patterns: ReadonlySet<string>, action: string): boolean {
  if (!isExactPermission(action)) return false;
  if (patterns.has('*') || patterns.has(action)) return true;
  for (let at = action.indexOf(':'); at >= 0; at = action.indexOf(':', at + 1)) {
    if (at + 1 < action.length && patterns.has(`${action.slice(0, at + 1)}*`)) return true;
  }
  return false;
}

/** Whether `pattern` covers everything that `other` (a pattern, or an exact permission) covers. */
export function coversPattern(pattern: string, other: string): boolean {
  if (pattern === other || pattern === '*') return true;
  return pattern.endsWith(':*') && other.startsWith(pattern.slice(0, -1));
}

/** A permission that may be defined and asked for: not empty and without `*`. */
export function isExactPermission(action: string): boolean {
  return action.length > 0 && !action.includes('*');
}
