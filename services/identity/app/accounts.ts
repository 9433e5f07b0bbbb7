import type { StateStore } from '#libs/decider/state-store.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { keyText } from '#libs/events/keys.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import { loginNames } from '#services/identity/domain/login-name/state.js';
import { canonicalLoginName } from '#services/identity/domain/names/login-name.js';
import { passwords, type PasswordSecret } from '#services/identity/domain/password/state.js';
import { isActive, principals } from '#services/identity/domain/principal/state.js';
import { slugs, tenants } from '#services/identity/domain/tenant/state.js';
import type {
  CanonicalLoginName,
  LoginNameIndex,
} from '#services/identity/ports/login-name-index.js';

/** A principal that may log in by password now. */
export interface PasswordAccount {
  readonly tenant: string;
  readonly principal: string;
  readonly credential: string;
  readonly version: number;
  readonly secret: PasswordSecret;
}

/** The folded documents, as deciders read them, without notes of what was read. */
export function documentsOf(state: Pick<StateStore, 'get'>): DocumentReader {
  return { get: (key) => state.get(keyText(key)) };
}

/** Tenant by id or slug, if there is one and it is active. */
export function activeTenant(view: DocumentReader, idOrSlug: string): string | undefined {
  const id = slugs.read(view, '', idOrSlug)?.tenant ?? idOrSlug;
  return tenants.read(view, id, id)?.status === 'ACTIVE' ? id : undefined;
}

/** A login name as it is typed, or nothing when there can be none like it. */
export function parseLoginName(text: string): CanonicalLoginName | undefined {
  const kind = text.includes('@') ? 'EMAIL' : 'USERNAME';
  const parsed = canonicalLoginName(kind, text);
  return 'canonical' in parsed ? { kind, canonical: parsed.canonical } : undefined;
}

/** Principal of a login name, whatever its status. */
export async function principalByName(
  view: DocumentReader,
  index: LoginNameIndex,
  tenant: string,
  name: CanonicalLoginName,
): Promise<string | undefined> {
  const blindIndex = await index.indexOf(tenant, name);
  return loginNames.read(view, tenant, blindIndex)?.principal;
}

/** The password of an active principal, unless it is blocked. */
export function passwordAccount(
  view: DocumentReader,
  tenant: string,
  principal: string,
  nowMs: number,
): PasswordAccount | undefined {
  const document = principals.read(view, tenant, principal);
  if (document === undefined || !isActive(document, nowMs)) return undefined;
  const password = passwords.read(view, tenant, principal);
  if (password?.secret === undefined) return undefined;
  const { credential, version, secret } = password;
  if (credentials.read(view, tenant, credential)?.status !== 'ACTIVE') return undefined;
  return { tenant, principal, credential, version, secret };
}
