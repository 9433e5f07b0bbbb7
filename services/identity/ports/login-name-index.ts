import type { LoginNameKind, VaultRef } from '#libs/events/catalogue.js';

/** A login name in the one form that is compared (see the domain's `canonicalLoginName`). */
export interface CanonicalLoginName {
  readonly kind: LoginNameKind;
  readonly canonical: string;
}

/** Login names as the ledger sees them: keyed hashes, under a key of the tenant's own. */
export interface LoginNameIndex {
  /** Makes and seals the key of a new tenant. */
  createKey(tenant: string): Promise<VaultRef>;
  /** Rejects NOT_FOUND for a tenant that does not exist. */
  indexOf(tenant: string, name: CanonicalLoginName): Promise<string>;
  /** The same of an account at an OpenID provider: its issuer and `sub`. */
  indexOfSubject(tenant: string, issuer: string, subject: string): Promise<string>;
}
