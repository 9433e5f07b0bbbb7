import type { DomainEvent, EventType, SessionLedgerEvent } from './catalogue.js';

/** L: state, kept for ever. S: sessions and what lives shortly, kept for a time. */
export type LedgerLetter = 'L' | 'S';

const sessionTypes: Readonly<Record<SessionLedgerEvent['type'], true>> = {
  SessionStarted: true,
  SessionSteppedUp: true,
  SessionExtended: true,
  SessionEnded: true,
  RefreshFamilyStarted: true,
  RefreshRotated: true,
  RefreshFamilyRevoked: true,
  TokenRevoked: true,
  ChallengeIssued: true,
  ChallengeAttempted: true,
  AuthorizationCodeIssued: true,
  AuthorizationCodeReplayed: true,
  AssertionUsed: true,
  DeviceCodeIssued: true,
  DeviceCodeApproved: true,
  DeviceCodeDenied: true,
  DeviceCodeRedeemed: true,
  AttemptsRecorded: true,
  SessionLinked: true,
};

/** The ledger whose records hold events of this type. */
export function ledgerOf(type: EventType): LedgerLetter {
  return Object.hasOwn(sessionTypes, type) ? 'S' : 'L';
}

export function isSessionLedgerEvent(event: DomainEvent): event is SessionLedgerEvent {
  return ledgerOf(event.type) === 'S';
}
