import { resourceProblem } from '#libs/access/resource.js';
import type { ResourceProblem } from '#libs/access/resource.js';

const texts: Readonly<Record<ResourceProblem, string>> = {
  TOO_LONG: 'is too long',
  LEADING_SLASH: 'must not begin with "/"',
  EMPTY_SEGMENT: 'must not hold "//"',
  TRAILING_SLASH: 'must not end with "/"',
  DOT_SEGMENT: 'must not hold "." or ".." as a segment',
  BACKSLASH: 'must not hold a backslash',
  ENCODED_DELIMITER: 'must not hold an encoded "/", "\\", "." or "%"',
  CONTROL_CHARACTER: 'must not hold control characters',
  NOT_UNICODE: 'is not well-formed Unicode',
  NOT_NFC: 'must be in Unicode normal form NFC',
};

/** What is wrong with a prefix that grants and keys are limited to, or nothing; `''` is everything. */
export function resourcePrefixProblem(prefix: string): string | undefined {
  const problem = resourceProblem(prefix);
  return problem === undefined ? undefined : texts[problem];
}
