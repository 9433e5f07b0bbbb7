/**
 * Whether scripts of this origin are the client's own: it is that of one of its redirect URIs. URIs of
 * an app's own scheme have none, which reads `null`, as that of every sandboxed frame does; so that is
 * nobody's (RFC 6454, section 7.3).
 */
export function isOwnOrigin(redirectUris: readonly string[], origin: string): boolean {
  if (origin === 'null') return false;
  return redirectUris.some((uri) => URL.canParse(uri) && new URL(uri).origin === origin);
}
