import { type Credential } from '#libs/client/question.js';

/**
 * How HTTP Basic names a tenant: a fixed one, or in the user name before the first slash
 * (`acme/alice`). Left out: Basic is refused.
 */
export type BasicTenant = { readonly tenant: string } | 'in-username';

export type PresentedCredential =
  | { readonly found: 'credential'; readonly credential: Credential }
  | { readonly found: 'nothing' | 'unreadable' };

/** What the authorizer reads at most, in characters: what is longer is nobody's credential. */
const longest = {
  header: 8_192,
  apiKey: 256,
  sessionToken: 256,
  tenant: 128,
  username: 320,
  password: 4_096,
};
// RFC 9110 section 11.4: scheme, spaces, token68.
const authorization = /^([A-Za-z]+) +([\w.~+/-]+=*)$/;
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f]/;

const unreadable: PresentedCredential = { found: 'unreadable' };
const within = (text: string, most: number): boolean => text !== '' && text.length <= most;

function basicOf(encoded: string, where: BasicTenant): PresentedCredential {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return unreadable;
  }
  const colon = text.indexOf(':');
  if (colon < 1 || control.test(text)) return unreadable;
  const userId = text.slice(0, colon);
  const password = text.slice(colon + 1);
  const slash = userId.indexOf('/');
  const [tenant, username] =
    where === 'in-username'
      ? [userId.slice(0, Math.max(0, slash)), userId.slice(slash + 1)]
      : [where.tenant, userId];
  const possible =
    within(tenant, longest.tenant) &&
    within(username, longest.username) &&
    within(password, longest.password);
  if (!possible) return unreadable;
  return { found: 'credential', credential: { basic: { tenant, username, password } } };
}

/**
 * Reads an `Authorization` header: Bearer (RFC 6750) with an API key, an access token or a session token, and Basic
 * (RFC 7617) where it is enabled. Anything else is unreadable, which is refused like a wrong one.
 */
export function credentialOf(
  header: string | undefined,
  basicTenant: BasicTenant | undefined,
): PresentedCredential {
  if (header === undefined || header === '') return { found: 'nothing' };
  const [, scheme = '', text = ''] =
    header.length > longest.header ? [] : (authorization.exec(header) ?? []);
  if (scheme.toLowerCase() === 'basic' && basicTenant) return basicOf(text, basicTenant);
  if (scheme.toLowerCase() !== 'bearer') return unreadable;
  if (text.startsWith('lgs_')) {
    return within(text, longest.sessionToken)
      ? { found: 'credential', credential: { sessionToken: text } }
      : unreadable;
  }
  if (!text.startsWith('lgk_')) return { found: 'credential', credential: { bearerToken: text } };
  return within(text, longest.apiKey)
    ? { found: 'credential', credential: { apiKey: text } }
    : unreadable;
}
