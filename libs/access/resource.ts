/**
 * Resources are hierarchical paths: `projects/acme/orders/17`. Their text is compared as it is; what
 * could be read in two ways is refused, never normalised (ASVS 5.0 V8; path confusion).
 */

/** Longest resource, in bytes of UTF-8. */
export const maxResourceBytes = 1024;

export type ResourceProblem =
  | 'TOO_LONG'
  | 'LEADING_SLASH'
  | 'EMPTY_SEGMENT'
  | 'TRAILING_SLASH'
  | 'DOT_SEGMENT'
  | 'BACKSLASH'
  | 'ENCODED_DELIMITER'
  | 'CONTROL_CHARACTER'
  | 'NOT_UNICODE'
  | 'NOT_NFC';

const slash = 0x2f;
const dot = 0x2e;
const percent = 0x25;
const backslash = 0x5c;

/**
 * What is wrong with a resource (or a resource prefix), or undefined. `''` is the root: it is a good
 * resource, covered only by the prefix `''`. Allocates nothing for ASCII text.
 */
export function resourceProblem(resource: string): ResourceProblem | undefined {
  const length = resource.length;
  if (length === 0) return undefined;
  if (length > maxResourceBytes) return 'TOO_LONG';
  if (resource.charCodeAt(0) === slash) return 'LEADING_SLASH';
  if (resource.charCodeAt(length - 1) === slash) return 'TRAILING_SLASH';
  let ascii = true;
  let segment = 0;
  for (let i = 0; i < length; i++) {
    const code = resource.charCodeAt(i);
    if (code === slash) {
      const problem = segmentProblem(resource, segment, i);
      if (problem !== undefined) return problem;
      segment = i + 1;
    } else if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return 'CONTROL_CHARACTER';
    else if (code === backslash) return 'BACKSLASH';
    else if (code === percent && encodesDelimiter(resource, i + 1)) return 'ENCODED_DELIMITER';
    else if (code > 0x7f) ascii = false;
  }
  const problem = segmentProblem(resource, segment, length);
  if (problem !== undefined || ascii) return problem;
  return unicodeProblem(resource);
}

/** Whether a grant on `prefix` covers `resource`, segment by segment: `a/b` covers `a/b/c`, not `a/bc`. */
export function covers(prefix: string, resource: string): boolean {
  const length = prefix.length;
  if (length === 0) return true;
  if (resource.length < length || !resource.startsWith(prefix)) return false;
  return resource.length === length || resource.charCodeAt(length) === slash;
}

function segmentProblem(text: string, start: number, end: number): ResourceProblem | undefined {
  const length = end - start;
  if (length === 0) return 'EMPTY_SEGMENT';
  if (length > 2 || text.charCodeAt(start) !== dot) return undefined;
  return length === 1 || text.charCodeAt(start + 1) === dot ? 'DOT_SEGMENT' : undefined;
}

/** `2e`, `2f`, `5c` (`.`, `/`, `\`) and `25` (`%` itself, for a text that is decoded twice). */
function encodesDelimiter(text: string, at: number): boolean {
  const second = text.charCodeAt(at + 1) | 0x20;
  switch (text.charCodeAt(at)) {
    case 0x32:
      return second === 0x65 || second === 0x66 || second === 0x35;
    case 0x35:
      return second === 0x63;
    default:
      return false;
  }
}

function unicodeProblem(resource: string): ResourceProblem | undefined {
  let bytes = 0;
  for (let i = 0; i < resource.length; i++) {
    const code = resource.charCodeAt(i);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else if (code < 0xd800 || code > 0xdfff) bytes += 3;
    else {
      const next = resource.charCodeAt(i + 1);
      if (code > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return 'NOT_UNICODE';
      bytes += 4;
      i += 1;
    }
  }
  if (bytes > maxResourceBytes) return 'TOO_LONG';
  return resource.normalize('NFC') === resource ? undefined : 'NOT_NFC';
}
