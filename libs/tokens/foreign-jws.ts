/** A compact JWS (RFC 7515, 7.1) that a client has made: taken apart, and neither verified nor believed. */
export interface ForeignJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The bytes that were signed. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/**
 * Any spelling of JSON will do, as these are written by all kinds of clients; base64url is strict.
 * Undefined: longer than `longest` characters, no JWS, or one with extensions that must be known
 * (`crit`, RFC 7515, 4.1.11), of which none is.
 */
export function readForeignJws(text: string, longest: number): ForeignJws | undefined {
  const parts = text.length <= longest ? text.split('.') : [];
  const [head = '', body = '', tail = ''] = parts;
  const header = objectOf(head);
  const claims = objectOf(body);
  const signature = bytesOf(tail);
  if (parts.length !== 3 || header === undefined || claims === undefined) return undefined;
  if (signature === undefined || 'crit' in header) return undefined;
  return { header, claims, signed: Buffer.from(`${head}.${body}`, 'latin1'), signature };
}

function bytesOf(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : undefined;
}

function objectOf(part: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = bytesOf(part);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
