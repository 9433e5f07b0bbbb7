import type { ClientKind } from '#libs/events/catalogue.js';

const longest = 2_000;
/** What RFC 3986 allows, without the fragment's `#`; and no `*`, which people mean as a wildcard. */
const plain = /^[A-Za-z0-9\-._~:/?[\]@!$&'()+,;=%]+$/;
const dotSegment = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|\?|$)/i;
const httpUri = /^(https?):\/\/([^/?]*)/;
const loopback = /^(?:127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?$/;
/** Reverse domain name (RFC 8252, section 7.1), and no authority behind it. */
const privateUse = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:\/(?!\/)/;
const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
/** A name whose last label is none of digits (parsers take that for an address), or an address. */
const hostAndPort = new RegExp(
  `^(?:(?:${label}\\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?|(?:${octet}\\.){3}${octet}|\\[::1\\])(?::([0-9]{1,5}))?$`,
);
const highestPort = 65_535;
const anyPort = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?(?=[/?]|$)/;

/**
 * What is wrong with a URI that a browser is sent to with a code, or nothing. RFC 9700, section 2.1 and
 * RFC 8252, sections 7 and 8: no wildcards, no fragments, nothing that two parsers read differently;
 * https, http on loopback, and for native apps a private-use scheme.
 */
export function redirectUriProblem(uri: string, kind: ClientKind): string | undefined {
  if (uri.length > longest) return `longer than ${longest} characters`;
  if (uri.includes('#')) return 'must have no fragment';
  if (uri.includes('*')) return 'must have no wildcard: it is compared character by character';
  if (!plain.test(uri)) return 'must be an absolute URI in ASCII';
  const http = httpUri.exec(uri);
  if (http === null) return privateUseProblem(uri, kind);
  const [before = '', scheme, authority = ''] = http;
  if (authority.includes('@')) return 'must hold no user name';
  if (!namesHost(authority)) return 'must name a host in lower case';
  if (dotSegment.test(uri.slice(before.length))) return 'must have no "." or ".." in its path';
  if (scheme === 'https' || loopback.test(authority)) return undefined;
  return 'must be https, or http on a loopback address';
}

function namesHost(authority: string): boolean {
  const found = hostAndPort.exec(authority);
  return found !== null && Number(found[1] ?? 0) <= highestPort;
}

function privateUseProblem(uri: string, kind: ClientKind): string | undefined {
  if (kind !== 'NATIVE') return 'must be https, or http on a loopback address';
  if (dotSegment.test(uri.slice(uri.indexOf(':') + 1))) {
    return 'must have no "." or ".." in its path';
  }
  if (privateUse.test(uri)) return undefined;
  return 'must be https, http on a loopback address, or like "com.example.app:/callback"';
}

/**
 * Whether a request names one of the registered URIs: the same text, character by character. The one
 * exception is the port of a native app on a loopback address (RFC 8252, section 7.3), which it
 * chooses anew each time.
 */
export function isRegisteredUri(
  registered: readonly string[],
  uri: string,
  kind: ClientKind,
): boolean {
  if (registered.includes(uri)) return true;
  if (kind !== 'NATIVE' || redirectUriProblem(uri, kind) !== undefined) return false;
  const given = anyPort.exec(uri);
  if (given === null) return false;
  const withoutPort = (text: string): string => text.replace(anyPort, 'http://$1');
  return registered.some((one) => anyPort.test(one) && withoutPort(one) === withoutPort(uri));
}
