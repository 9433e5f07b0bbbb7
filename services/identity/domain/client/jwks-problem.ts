const longest = 16_384;
const mostKeys = 10;
const base64url = /^[A-Za-z0-9_-]+$/;
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
/** 2,048 bits in base64url. */
const leastModulus = 342;

/**
 * What is wrong with the public keys of a client (RFC 7517), or nothing: RSA of at least 2,048 bits,
 * P-256 or Ed25519, told apart by `kid` where there are several, and no private part.
 */
export function jwksProblem(text: string): string | undefined {
  if (text.length > longest) return `longer than ${longest} characters`;
  const keys = keysIn(text);
  if (keys === undefined) return 'must be a JSON object with a list "keys" (RFC 7517)';
  if (keys.length === 0 || keys.length > mostKeys) return `must hold 1 to ${mostKeys} keys`;
  const ids = keys.map(({ kid }) => kid);
  if (keys.length > 1 && !ids.every((kid) => typeof kid === 'string' && kid !== '')) {
    return 'each of several keys needs a "kid"';
  }
  if (new Set(ids).size < keys.length) return 'two keys have the same "kid"';
  return keys.map(keyProblem).find((problem) => problem !== undefined);
}

type Jwk = Readonly<Record<string, unknown>>;

function keysIn(text: string): readonly Jwk[] | undefined {
  const parsed = parse(text);
  if (!isObject(parsed) || !Array.isArray(parsed['keys'])) return undefined;
  const keys = parsed['keys'] as readonly unknown[];
  return keys.every(isObject) ? keys : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keyProblem(key: Jwk): string | undefined {
  if (secretMembers.some((name) => name in key)) return 'a key holds its private part';
  if (key['use'] !== undefined && key['use'] !== 'sig') return 'a key is not for signatures';
  switch (key['kty']) {
    case 'RSA': {
      const strong = isText(key['n']) && key['n'].length >= leastModulus && isText(key['e']);
      return strong ? undefined : 'an RSA key needs at least 2,048 bits';
    }
    case 'EC':
      return onCurve(key, 'P-256') && isText(key['y']) ? undefined : 'an EC key must be of P-256';
    case 'OKP':
      return onCurve(key, 'Ed25519') ? undefined : 'an OKP key must be of Ed25519';
    default:
      return 'a key is of no kind that is known';
  }
}

/** Both curves have 32-byte coordinates: 43 characters. */
function onCurve(key: Jwk, curve: string): boolean {
  return key['crv'] === curve && isText(key['x']) && key['x'].length === 43;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && base64url.test(value);
}
