import type { LoginNameKind, TenantSettings } from '#libs/events/catalogue.js';
import type { Profile } from '#proto/ledgate/identity/v1/principal.js';
import { passwordProblem } from '#services/identity/app/passwords.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import { canonicalLoginName } from '#services/identity/domain/names/login-name.js';
import type { Profile as PrincipalProfile } from '#services/identity/app/principals.js';
import type { CanonicalLoginName } from '#services/identity/ports/login-name-index.js';
import type { OpenCall } from '#services/identity/grpc/admission.js';

/** BCP 47, as much of it as is used: `de`, `pt-BR`, `zh-Hant-TW`. */
const LOCALE = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/u;
/** Longest text that is even looked at, in UTF-16 units. */
const LONGEST_TYPED = 1024;

/** A login name that must be well-formed. */
export function loginNameField(
  call: OpenCall,
  field: string,
  kind: LoginNameKind,
  text: string,
): CanonicalLoginName {
  const parsed =
    text.length > LONGEST_TYPED ? { problem: 'is too long' } : canonicalLoginName(kind, text);
  if ('canonical' in parsed) return { kind, canonical: parsed.canonical };
  call.fields.add(field, text === '' ? 'must not be empty' : parsed.problem);
  return { kind, canonical: '' };
}

/** A login name as somebody typed it: any text, of either kind. */
export function typedNameField(call: OpenCall, field: string, text: string): string {
  if (text === '') call.fields.add(field, 'must not be empty');
  return call.fields.bounded(field, text, LONGEST_TYPED);
}

/** A password that is only compared. */
export function typedPasswordField(call: OpenCall, field: string, text: string): string {
  if (text === '') call.fields.add(field, 'must not be empty');
  return call.fields.bounded(field, text, 4 * LONGEST_TYPED);
}

/** A new password, judged by the rules of its tenant (or of one that is about to be made). */
export function passwordField(
  call: OpenCall,
  field: string,
  password: string,
  tenant: string,
  given: { readonly contextWords: readonly string[]; readonly settings?: TenantSettings },
): void {
  call.fields.add(field, passwordProblem(call.parts, { field, password, tenant, ...given }));
}

export function profileField(call: OpenCall, profile: Profile | undefined): PrincipalProfile {
  const { displayName, locale } = profile ?? { displayName: '', locale: '' };
  call.fields.add('profile.display_name', freeTextProblem(displayName, 0, 128));
  languageField(call, 'profile.locale', locale);
  return { displayName, locale };
}

/** A language, or `''`. */
export function languageField(call: OpenCall, field: string, tag: string): string {
  if (tag !== '' && !LOCALE.test(tag)) {
    call.fields.add(field, 'is not a language tag such as "de" or "pt-BR"');
  }
  return tag;
}
