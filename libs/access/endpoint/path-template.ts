/** One segment of a template: a literal, or the name of a parameter that takes any one segment. */
export type Segment =
  | { readonly literal: string; readonly name?: undefined }
  | { readonly name: string; readonly literal?: undefined };

export const longestTemplate = 512;
export const mostSegments = 32;

/** RFC 3986 unreserved, and what frameworks take for nothing else. */
const literal = /^[A-Za-z0-9._~-][A-Za-z0-9._~@!$+,=-]*$/;
const parameter = /^\{([A-Za-z_][\w-]{0,63})\}$/;

/** Segments of `/orders/{id}`, or what is wrong with the template. `/` has none. */
export function parseTemplate(template: string): readonly Segment[] | string {
  if (template.length > longestTemplate) return `longer than ${longestTemplate} characters`;
  if (!template.startsWith('/')) return 'must begin with "/"';
  if (template === '/') return [];
  const segments: Segment[] = [];
  const names = new Set<string>();
  for (const text of template.slice(1).split('/')) {
    const name = parameter.exec(text)?.[1];
    if (name === undefined) {
      if (!literal.test(text) || text === '.' || text === '..') {
        return text === '' ? 'has an empty segment' : `is malformed at "${text}"`;
      }
      segments.push({ literal: text });
      continue;
    }
    if (names.has(name)) return `names {${name}} twice`;
    names.add(name);
    segments.push({ name });
  }
  return segments.length > mostSegments ? `more than ${mostSegments} segments` : segments;
}

/**
 * How two templates relate. `CLASH`: some path is matched by both, and neither is the more specific
 * one throughout, so that a router might choose the other. Letters of either case count as the same:
 * some routers take them so.
 */
export function relation(
  a: readonly Segment[],
  b: readonly Segment[],
): 'APART' | 'NESTED' | 'CLASH' {
  if (a.length !== b.length) return 'APART';
  let first = false;
  let second = false;
  for (const [at, one] of a.entries()) {
    const other = b[at] as Segment;
    if (one.literal !== undefined && other.literal !== undefined) {
      if (one.literal.toLowerCase() !== other.literal.toLowerCase()) return 'APART';
    } else if (one.literal !== undefined) first = true;
    else if (other.literal !== undefined) second = true;
  }
  return first === second ? 'CLASH' : 'NESTED';
}
