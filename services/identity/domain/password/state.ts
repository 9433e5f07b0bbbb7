import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent, VaultRef } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import { earlierWith } from '#services/identity/domain/erasure/earlier-blobs.js';
import type { WithEarlier } from '#services/identity/domain/erasure/earlier-blobs.js';
import { redeem } from '#services/identity/domain/factor/redeemed.js';
import { sessionsOf } from '#services/identity/domain/principal/state.js';

/** Stays when the password is removed, so that versions never start again. */
export interface PasswordDocument extends WithEarlier {
  readonly credential: string;
  readonly version: number;
  readonly secret?: PasswordSecret;
}

export interface PasswordSecret {
  readonly hash: VaultRef;
  readonly params: string;
  readonly mustChange: boolean;
  /** Ledger position at which it was set. */
  readonly position: number;
}

export const passwords = new DocumentKind<PasswordDocument>('password-of');
/** An account at an upstream provider that logs in as the principal. */
export interface LinkFacts {
  readonly provider: string;
  readonly issuer: string;
  /** Of the provider's `sub`; what callers name the link by. */
  readonly blindIndex: string;
  readonly subject: VaultRef;
  readonly linkedAtMs: number;
}

export interface FactorsDocument extends WithEarlier {
  readonly credentials: readonly string[];
  readonly links?: readonly LinkFacts[];
}

/** Password and second factors of a principal, in the order in which they came. */
export const factorsOf = new DocumentKind<FactorsDocument>('factors-of');

export type PasswordEvent = Extract<
  DomainEvent,
  { type: 'PasswordSet' | 'PasswordRehashed' | 'PasswordRemoved' }
>;

export function evolvePassword(
  event: PasswordEvent,
  to: DocumentWriter,
  { tenant, position }: EventContext,
): void {
  const { principal, credential } = event;
  switch (event.type) {
    case 'PasswordSet': {
      redeem(to, tenant, event.challenge, position);
      const { version, hash, params, mustChange } = event;
      const secret = { hash, params, mustChange, position };
      const before = passwords.read(to, tenant, principal);
      const earlier = earlierWith(before, before?.secret?.hash.id);
      passwords.put(to, tenant, principal, { credential, version, secret, ...earlier });
      const factors = factorsOf.read(to, tenant, principal);
      const others = factors?.credentials.filter((id) => id !== credential) ?? [];
      factorsOf.put(to, tenant, principal, { ...factors, credentials: [...others, credential] });
      sessionsOf.put(to, tenant, principal, { notBefore: position });
      const status = 'ACTIVE';
      return credentials.put(to, tenant, credential, { kind: 'PASSWORD', principal, status });
    }
    case 'PasswordRehashed': {
      const { version, hash, params } = event;
      return passwords.change(to, tenant, principal, (it) =>
        it.secret === undefined || it.version !== version
          ? { ...it, ...earlierWith(it, hash.id) }
          : {
              ...it,
              secret: { ...it.secret, hash, params },
              ...earlierWith(it, it.secret.hash.id),
            },
      );
    }
    case 'PasswordRemoved': {
      passwords.change(to, tenant, principal, (it) => ({
        credential,
        version: it.version,
        ...earlierWith(it, it.secret?.hash.id),
      }));
      factorsOf.change(to, tenant, principal, (it) => ({
        ...it,
        credentials: it.credentials.filter((id) => id !== credential),
      }));
      return credentials.change(to, tenant, credential, (it) => ({ ...it, status: 'REVOKED' }));
    }
  }
}
