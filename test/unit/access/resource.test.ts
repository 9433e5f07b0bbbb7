import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { covers, maxResourceBytes, resourceProblem } from '#libs/access/resource.js';

describe('resourceProblem', () => {
  it.each([
    ['', undefined],
    ['projects/acme/orders/17', undefined],
    ['projects/acme/...', undefined],
    ['projects/.well-known/a..b', undefined],
    ['100%', undefined],
    ['a%20b', undefined],
    ['a%2', undefined],
    ['caf\u00e9/\u{1f600}', undefined],
    ['/a', 'LEADING_SLASH'],
    ['/', 'LEADING_SLASH'],
    ['a/', 'TRAILING_SLASH'],
    ['a//b', 'EMPTY_SEGMENT'],
    ['.', 'DOT_SEGMENT'],
    ['..', 'DOT_SEGMENT'],
    ['a/./b', 'DOT_SEGMENT'],
    ['a/..', 'DOT_SEGMENT'],
    ['../a', 'DOT_SEGMENT'],
    ['a\\b', 'BACKSLASH'],
    ['a%2fb', 'ENCODED_DELIMITER'],
    ['a%2Fb', 'ENCODED_DELIMITER'],
    ['%2e%2E', 'ENCODED_DELIMITER'],
    ['a%5cb', 'ENCODED_DELIMITER'],
    ['a%5Cb', 'ENCODED_DELIMITER'],
    ['a%252fb', 'ENCODED_DELIMITER'],
    ['a\u0000', 'CONTROL_CHARACTER'],
    ['a\tb', 'CONTROL_CHARACTER'],
    ['a\u007f', 'CONTROL_CHARACTER'],
    ['a\u0085', 'CONTROL_CHARACTER'],
    ['cafe\u0301', 'NOT_NFC'],
    ['a\ud800', 'NOT_UNICODE'],
    ['a\udc00b', 'NOT_UNICODE'],
  ])('%j → %s', (resource, problem) => {
    expect(resourceProblem(resource)).toBe(problem);
  });

  it('counts bytes of UTF-8, not characters', () => {
    expect(resourceProblem('a'.repeat(maxResourceBytes))).toBeUndefined();
    expect(resourceProblem('a'.repeat(maxResourceBytes + 1))).toBe('TOO_LONG');
    expect(resourceProblem('\u00e9'.repeat(maxResourceBytes / 2))).toBeUndefined();
    expect(resourceProblem('\u00e9'.repeat(maxResourceBytes / 2 + 1))).toBe('TOO_LONG');
    expect(resourceProblem('\u20ac'.repeat(342))).toBe('TOO_LONG');
    expect(resourceProblem('\u{1f600}'.repeat(257))).toBe('TOO_LONG');
  });

  it('leaves nothing through that a URL parser would read as another path', () => {
    const piece = fc.constantFrom('a', 'b', '/', '.', '..', '%2e', '%2F', '\\', '%5c', '%25', '\t');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const resource = pieces.join('');
        const { pathname } = new URL(`http://host/${resource}`);
        const same = decodeURIComponent(pathname) === `/${resource}`;
        expect(resourceProblem(resource) !== undefined || same).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('covers', () => {
  it.each([
    ['', '', true],
    ['', 'a/b', true],
    ['a', 'a', true],
    ['a', 'a/b', true],
    ['a/b', 'a/b/c', true],
    ['a', 'ab', false],
    ['a/b', 'a', false],
    ['a', '', false],
    ['A', 'a', false],
    ['a/', 'a/b', false],
    ['b', 'a/b', false],
  ])('%j covers %j: %s', (prefix, resource, expected) => {
    expect(covers(prefix, resource)).toBe(expected);
  });
});
