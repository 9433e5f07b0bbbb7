import { mostSegments } from './path-template.js';

const longestPath = 4_096;
/** Printable ASCII without what ends a path or begins parameters of a segment. */
const plain = /^\/[\x21-\x7e]*$/;
const special = /[\\#?;]/;
const brokenEscape = /%(?![0-9A-Fa-f]{2})/;
/** Control characters, DEL, `%`, `.`, `/` and `\`, and unreserved characters (RFC 3986 6.2.2.2). */
const needlessEscape = /%(?:[01][0-9a-f]|7f|25|2[def]|5c|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)/i;

/**
 * Segments of the path of a request as it was sent, without its query; undefined when the path could
 * be read in two ways: dot segments, encoded delimiters, empty segments, a slash at the end, and any
 * spelling that is not the only one. Nothing is normalised (ASVS 5.0 V8; path confusion).
 */
export function pathSegments(path: string): readonly string[] | undefined {
  if (path.length > longestPath || !plain.test(path) || special.test(path)) return undefined;
  if (brokenEscape.test(path) || needlessEscape.test(path)) return undefined;
  if (path === '/') return [];
  const segments = path.slice(1).split('/');
  if (segments.length > mostSegments) return undefined;
  return segments.some(isNoSegment) ? undefined : segments;
}

function isNoSegment(text: string): boolean {
  return text === '' || text === '.' || text === '..';
}

/** The text that a segment stands for; undefined when its escapes are no UTF-8. */
export function decodedSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
