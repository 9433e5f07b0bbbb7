import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

import type { SigningKey, SigningKeyStatus } from './signing-keys.js';
import type { ViewState } from './view-state.js';

type SigningKeyEvent = Extract<
  DomainEvent,
  {
    type:
      | 'SigningKeyPublished'
      | 'SigningKeyActivated'
      | 'SigningKeyRemoved'
      | 'SigningKeyCompromised';
  }
>;

/** A kid is published once; compromised is final, removed gives way only to compromised. */
export function applySigningKey(state: ViewState, event: SigningKeyEvent, ctx: EventContext): void {
  const key = state.signingKeys.get(event.kid);
  switch (event.type) {
    case 'SigningKeyPublished': {
      if (key !== undefined) return;
      const { kid, issuer, algorithm, publicJwk } = event;
      state.signingKeys.set(kid, {
        kid,
        issuer,
        algorithm,
        publicJwk,
        publishedAt: ctx.position,
        status: 'PUBLISHED',
        statusAt: ctx.position,
        retireAfterMs: Number.POSITIVE_INFINITY,
      });
      return;
    }
    case 'SigningKeyActivated': {
      if (key === undefined || (key.status !== 'PUBLISHED' && key.status !== 'RETIRING')) return;
      const previous = state.signingKeys.get(event.previousKid ?? '');
      if (previous?.status === 'ACTIVE') {
        setStatus(previous, 'RETIRING', ctx.position);
        previous.retireAfterMs = event.retireAfterMs ?? Number.POSITIVE_INFINITY;
      }
      setStatus(key, 'ACTIVE', ctx.position);
      key.retireAfterMs = Number.POSITIVE_INFINITY;
      return;
    }
    case 'SigningKeyRemoved':
      if (key !== undefined && key.status !== 'COMPROMISED') {
        setStatus(key, 'REMOVED', ctx.position);
      }
      return;
    case 'SigningKeyCompromised':
      if (key !== undefined) setStatus(key, 'COMPROMISED', ctx.position);
  }
}

function setStatus(key: SigningKey, status: SigningKeyStatus, position: number): void {
  key.status = status;
  key.statusAt = position;
}
