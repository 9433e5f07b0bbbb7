import type { LoginNameKind } from '#libs/events/catalogue.js';
import type { CanonicalLoginName } from '#services/identity/ports/login-name-index.js';

/** Longest e-mail address (RFC 5321, 4.5.3.1.3, without the angle brackets). */
const MAX_EMAIL_LENGTH = 254;
const MAX_USERNAME_LENGTH = 64;
const USERNAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u;
const EMAIL = /^[^\s@"(),:;<>[\\\]\p{C}]{1,64}@[\p{L}\p{N}]([\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u;

/**
 * What is wrong with a login name of this kind, or nothing. Only e-mail addresses hold an `@`, so
 * the kind of a name can be told from the name alone.
 */
export function judgeLoginName(kind: LoginNameKind, text: string): string | undefined {
  const name = text.normalize('NFKC');
  if (kind === 'EMAIL') {
    if (name.length > MAX_EMAIL_LENGTH) return `longer than ${MAX_EMAIL_LENGTH} characters`;
    return EMAIL.test(name) ? undefined : 'is not an e-mail address';
  }
  if (Array.from(name).length > MAX_USERNAME_LENGTH)
    return `longer than ${MAX_USERNAME_LENGTH} characters`;
  return USERNAME.test(name) ? undefined : 'letters, digits, ".", "_" and "-" only';
}

export function canonicalLoginName(text: string): CanonicalLoginName {
  const canonical = text.normalize('NFKC').toLowerCase().normalize('NFKC');
  return { kind: canonical.includes('@') ? 'EMAIL' : 'USERNAME', canonical };
}
