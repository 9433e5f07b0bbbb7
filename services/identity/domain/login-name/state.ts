import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent, LoginNameKind, VaultRef } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { redeem } from '#services/identity/domain/factor/redeemed.js';
import { earlierWith } from '#services/identity/domain/erasure/earlier-blobs.js';
import type { WithEarlier } from '#services/identity/domain/erasure/earlier-blobs.js';

/** A claimed login name, under its blind index. */
export interface LoginNameDocument {
  readonly principal: string;
  readonly kind: LoginNameKind;
  readonly value: VaultRef;
  readonly verified: boolean;
}

export const loginNames = new DocumentKind<LoginNameDocument>('loginname');
export interface LoginNamesDocument extends WithEarlier {
  readonly blindIndexes: readonly string[];
}

export const loginNamesOf = new DocumentKind<LoginNamesDocument>('loginnames-of');
export const mostLoginNames = 16;

export type LoginNameEvent = Extract<
  DomainEvent,
  { type: 'LoginNameAdded' | 'LoginNameRemoved' | 'LoginNameVerified' }
>;

export function evolveLoginName(
  event: LoginNameEvent,
  to: DocumentWriter,
  { tenant, position }: EventContext,
): void {
  const { principal } = event;
  if (event.type === 'LoginNameVerified') {
    redeem(to, tenant, event.challenge, position);
    return loginNames.change(to, tenant, event.blindIndex, (it) => ({ ...it, verified: true }));
  }
  const document = loginNamesOf.read(to, tenant, principal);
  const held = document?.blindIndexes ?? [];
  switch (event.type) {
    case 'LoginNameAdded': {
      const { blindIndex, ...name } = event.loginName;
      loginNames.put(to, tenant, blindIndex, { principal, ...name });
      return loginNamesOf.put(to, tenant, principal, {
        blindIndexes: [...held, blindIndex],
        ...earlierWith(document),
      });
    }
    case 'LoginNameRemoved': {
      const name = loginNames.read(to, tenant, event.blindIndex);
      const earlier = earlierWith(document, name?.value.id);
      loginNames.remove(to, tenant, event.blindIndex);
      const blindIndexes = held.filter((index) => index !== event.blindIndex);
      return loginNamesOf.put(to, tenant, principal, { blindIndexes, ...earlier });
    }
  }
}
