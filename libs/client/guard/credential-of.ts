import { type Credential } from '#libs/client/question.js';

/**
 * How HTTP Basic names a tenant: a fixed one, or in the user name before the first slash
 * (`acme/alice`). Left out: Basic is refused.
 */
export type BasicTenant = { readonly tenant: string } | 'in-username';

export type PresentedCredential =
  | { readonly found: 'credential'; readonly credential: Credential }
  | { readonly found: 'nothing' | 'unreadable' };

const maxLength = 8192;
// RFC 9110 section 11.4: scheme, spaces, token68.
const authorization = /^([A-Za-z]+) +([\w.~+/-]+=*)$/;
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f]/;

function basicOf(encoded: string, where: BasicTenant): PresentedCredential {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return { found: 'unreadable' };
  }
  const colon = text.indexOf(':');
  if (colon < 1 || control.test(text)) return { found: 'unreadable' };
  const userId = text.slice(0, colon);
  const password = text.slice(colon + 1);
  if (where !== 'in-username') {
    const basic = { tenant: where.tenant, username: userId, password };
    return { found: 'credential', credential: { basic } };
  }
  const slash = userId.indexOf('/');
  if (slash < 1 || slash === userId.length - 1) return { found: 'unreadable' };
  const basic = { tenant: userId.slice(0, slash), username: userId.slice(slash + 1), password };
  return { found: 'credential', credential: { basic } };
}

/**
 * Reads an `Authorization` header: Bearer (RFC 6750) with an API key or an access token, and Basic
 * (RFC 7617) where it is enabled. Anything else is unreadable, which is refused like a wrong one.
 */
export function credentialOf(
  header: string | undefined,
  basicTenant: BasicTenant | undefined,
): PresentedCredential {
  if (header === undefined || header === '') return { found: 'nothing' };
  const [, scheme = '', text = ''] =
    header.length > maxLength ? [] : (authorization.exec(header) ?? []);
  if (scheme.toLowerCase() === 'basic' && basicTenant) return basicOf(text, basicTenant);
  if (scheme.toLowerCase() !== 'bearer') return { found: 'unreadable' };
  const credential = text.startsWith('lgk_') ? { apiKey: text } : { bearerToken: text };
  return { found: 'credential', credential };
}
