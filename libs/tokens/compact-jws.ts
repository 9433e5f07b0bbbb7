/** The parts of a compact JWS (RFC 7515 section 7.1), decoded but neither verified nor believed. */
export interface CompactJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Buffer;
  readonly signature: Buffer;
  /** The bytes that were signed. */
  readonly signingInput: Buffer;
}

/**
 * Takes a compact JWS apart, or answers undefined. There is exactly one text for one token: three
 * parts, base64url without padding, blanks or stray trailing bits (RFC 4648 section 3.5).
 */
export function parseCompactJws(text: string): CompactJws | undefined {
  const first = text.indexOf('.');
  const second = text.indexOf('.', first + 1);
  if (first <= 0 || second <= first + 1 || text.includes('.', second + 1)) return undefined;
  const header = decodePart(text.slice(0, first));
  const payload = decodePart(text.slice(first + 1, second));
  const signature = decodePart(text.slice(second + 1));
  if (header === undefined || payload === undefined || signature === undefined) return undefined;
  const headerFields = parseObject(header);
  if (headerFields === undefined) return undefined;
  // Every character is base64url or the dot by now: latin1 is exact.
  const signingInput = Buffer.from(text.slice(0, second), 'latin1');
  return { header: headerFields, payload, signature, signingInput };
}

/**
 * A JSON object in the one form that JSON.stringify writes, else undefined. Duplicate members,
 * blanks and other spellings of the same value do not survive the round trip, so no two parsers
 * can read different things out of it. Tokens judged here are all written by ourselves.
 */
export function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  const text = bytes.toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return JSON.stringify(value) === text ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function decodePart(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : undefined;
}
