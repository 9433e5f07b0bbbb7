import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent, SigningAlgorithm, VaultRef } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

export interface SigningKeyDocument {
  readonly issuer: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: string;
  readonly privateKey: VaultRef;
  readonly status: 'PUBLISHED' | 'ACTIVE' | 'RETIRING' | 'COMPROMISED';
  readonly activateNotBeforeMs: number;
  /** Of a RETIRING key: its last token has expired then, ms since the Unix epoch. */
  readonly retireAfterMs?: number;
}

export interface KeyringDocument {
  /** The key that signs now. */
  readonly active?: string;
  /** Every key of the issuer that was not removed. */
  readonly kids: readonly string[];
}

/** Cluster-wide: both live under tenant `''`. */
export const signingKeys = new DocumentKind<SigningKeyDocument>('key');
export const keyrings = new DocumentKind<KeyringDocument>('keyring');
export const mostSigningKeys = 16;

export type SigningKeyEvent = Extract<
  DomainEvent,
  {
    type:
      | 'SigningKeyPublished'
      | 'SigningKeyActivated'
      | 'SigningKeyRemoved'
      | 'SigningKeyCompromised';
  }
>;

export function evolveSigningKey(
  event: SigningKeyEvent,
  to: DocumentWriter,
  _context: EventContext,
): void {
  const { kid, issuer } = event;
  switch (event.type) {
    case 'SigningKeyPublished': {
      const { algorithm, publicJwk, privateKey, activateNotBeforeMs } = event;
      const key = { issuer, algorithm, publicJwk, privateKey, activateNotBeforeMs };
      signingKeys.put(to, '', kid, { ...key, status: 'PUBLISHED' });
      const ring = keyrings.read(to, '', issuer) ?? { kids: [] };
      return keyrings.put(to, '', issuer, { ...ring, kids: [...ring.kids, kid] });
    }
    case 'SigningKeyActivated': {
      const { previousKid, retireAfterMs } = event;
      signingKeys.change(to, '', kid, (it) => ({ ...it, status: 'ACTIVE' }));
      if (previousKid !== undefined) {
        const until = retireAfterMs === undefined ? {} : { retireAfterMs };
        signingKeys.change(to, '', previousKid, (it) => ({ ...it, status: 'RETIRING', ...until }));
      }
      return keyrings.change(to, '', issuer, (it) => ({ ...it, active: kid }));
    }
    case 'SigningKeyRemoved': {
      signingKeys.remove(to, '', kid);
      return keyrings.change(to, '', issuer, (it) => ({
        ...it,
        kids: it.kids.filter((id) => id !== kid),
      }));
    }
    case 'SigningKeyCompromised':
      return signingKeys.change(to, '', kid, (it) => ({ ...it, status: 'COMPROMISED' }));
  }
}
