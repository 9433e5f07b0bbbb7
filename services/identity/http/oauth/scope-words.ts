/** Scopes of OpenID Connect, which every tenant has. */
export const openidScopes = ['openid', 'offline_access', 'profile', 'email'] as const;

/** RFC 6749, section 3.3. */
export function words(scope: string | undefined): readonly string[] {
  return scope === undefined || scope === '' ? [] : scope.split(' ');
}
