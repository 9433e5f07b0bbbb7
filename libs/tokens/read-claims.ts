import type { AccessClaims, Confirmation, LedgerClaim } from './access-claims.js';

/** Words of `scope` (RFC 6749 section 3.3) and of `amr`. */
const word = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;
const longestText = 512;

type Fields = Readonly<Record<string, unknown>>;

/** Claims of the right types, or undefined: an absent or mistyped claim is never a default. */
export function readClaims(fields: Fields): AccessClaims | undefined {
  const issuer = text(fields['iss']);
  const subject = text(fields['sub']);
  const tenant = text(fields['tenant']);
  const audience = text(fields['aud']);
  const tokenId = text(fields['jti']);
  const issuedAtS = whole(fields['iat']);
  const expiresAtS = whole(fields['exp']);
  const authTimeS = whole(fields['auth_time']);
  const amr = words(fields['amr']);
  const ledger = ledgerClaim(fields['lg']);
  if (issuer === undefined || subject === undefined || tenant === undefined) return undefined;
  if (audience === undefined || tokenId === undefined || issuedAtS === undefined) return undefined;
  if (expiresAtS === undefined || authTimeS === undefined || ledger === undefined) return undefined;
  if (amr === undefined || amr.length === 0 || expiresAtS <= issuedAtS) return undefined;
  const scopes = scopeClaim(fields['scope']);
  const sessionId = ifPresent(fields['sid'], text);
  const clientId = ifPresent(fields['client_id'], text);
  const acr = ifPresent(fields['acr'], text);
  const confirmation = ifPresent(fields['cnf'], confirmationClaim);
  if (scopes === null || sessionId === null || clientId === null) return undefined;
  if (acr === null || confirmation === null) return undefined;
  return {
    issuer,
    subject,
    tenant,
    audience,
    issuedAtS,
    expiresAtS,
    tokenId,
    scopes,
    amr,
    authTimeS,
    sessionId,
    clientId,
    acr,
    confirmation,
    ledger,
  };
}

/** Undefined: absent. Null: there, and not what it should be. */
function ifPresent<T>(
  value: unknown,
  read: (value: unknown) => T | undefined,
): T | undefined | null {
  return value === undefined ? undefined : (read(value) ?? null);
}

const thumbprint = /^[\w-]{43}$/;

/** Exactly one method that is known here: another one could not be verified. */
function confirmationClaim(value: unknown): Confirmation | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const [[method, print] = [], ...more] = Object.entries(value);
  if (more.length > 0 || (method !== 'jkt' && method !== 'x5t#S256')) return undefined;
  return typeof print === 'string' && thumbprint.test(print)
    ? { method, thumbprint: print }
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= longestText
    ? value
    : undefined;
}

function whole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function words(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items: readonly unknown[] = value;
  return items.every((item): item is string => typeof item === 'string' && word.test(item))
    ? items
    : undefined;
}

/** Undefined: absent, no limit. Null: malformed. */
function scopeClaim(value: unknown): readonly string[] | undefined | null {
  if (value === undefined) return undefined;
  if (value === '') return [];
  return typeof value === 'string' ? (words(value.split(' ')) ?? null) : null;
}

function ledgerClaim(value: unknown): LedgerClaim | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Fields;
  const epoch = whole(fields['e']);
  const position = whole(fields['L']);
  const authPosition = whole(fields['a']);
  const credential = text(fields['c']);
  if (epoch === undefined || position === undefined) return undefined;
  if (authPosition === undefined || credential === undefined) return undefined;
  const sessionPosition = ifPresent(fields['S'], whole);
  const family = ifPresent(fields['f'], text);
  const issuedInOutage = ifPresent(fields['x'], (x) => (x === 1 ? true : undefined));
  if (sessionPosition === null || family === null || issuedInOutage === null) return undefined;
  const inS = { sessionPosition, family, issuedInOutage };
  return { epoch, position, authPosition, credential, ...inS };
}
