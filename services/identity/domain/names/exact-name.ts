/**
 * Names that programs compare: plain lower-case ASCII, so that two that look alike are alike. Each
 * function says what is wrong with a name, or nothing.
 */
const slug = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const exact = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
const permission = /^[a-z][a-z0-9._-]*(?::[a-z0-9][a-z0-9._-]*)+$/;
const pattern = /^(?:\*|[a-z][a-z0-9._-]*(?::[a-z0-9][a-z0-9._-]*)*:\*)$/;

const longestPermission = 128;
/** Permissions of Ledgate itself. */
const reservedArea = /^ledgate[.:]/;

export function slugProblem(name: string): string | undefined {
  if (!slug.test(name)) {
    return '2 to 63 lower-case letters, digits and "-", not at the ends';
  }
  return uuid.test(name) ? 'must not look like an id' : undefined;
}

/** Role and group names. */
export function exactNameProblem(name: string): string | undefined {
  if (exact.test(name)) return undefined;
  return '1 to 64 lower-case letters, digits, ".", "_" and "-", a letter or digit at both ends';
}

/** A permission that may be defined: `orders:read`. */
export function permissionProblem(name: string): string | undefined {
  if (name.length > longestPermission) return `longer than ${longestPermission} characters`;
  if (!permission.test(name)) return 'must be like "orders:read", in lower-case ASCII';
  return undefined;
}

export function reservedProblem(name: string): string | undefined {
  return reservedArea.test(name) ? 'names that begin with "ledgate" are reserved' : undefined;
}

/** What a role or a scope may list: a permission, `orders:*`, or `*`. */
export function permissionPatternProblem(text: string): string | undefined {
  if (text.length > longestPermission) return `longer than ${longestPermission} characters`;
  if (permission.test(text) || pattern.test(text)) return undefined;
  return 'must be a permission like "orders:read", a pattern like "orders:*", or "*"';
}

/** Problem of each text of a list, as `[field[i], problem]`; repetitions count as a problem. */
export function eachProblem(
  field: string,
  texts: readonly string[],
  problem: (text: string) => string | undefined,
): (readonly [string, string | undefined])[] {
  return texts.map((text, at) => [
    `${field}[${at}]`,
    texts.indexOf(text) === at ? problem(text) : 'is named twice',
  ]);
}
