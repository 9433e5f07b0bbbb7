import type { DocumentWriter } from '#libs/decider/documents.js';
import type { SessionLedgerEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { evolveArtifact } from './artifact/state.js';
import { evolveAssertion } from './assertion/state.js';
import { evolveAttempts } from './attempts/state.js';
import { evolveAuthorizationCode } from './authorization-code/state.js';
import { evolveChallenge } from './challenge/state.js';
import { evolveDeviceCode } from './device-code/state.js';
import { evolveRefreshFamily } from './refresh-family/state.js';
import { evolveSession } from './session/state.js';
import { evolveTokenRevocation } from './token-revocation/state.js';

/** Applies an event of ledger S to the documents under its keys. */
export function evolveSessionLedger(
  event: SessionLedgerEvent,
  to: DocumentWriter,
  context: EventContext,
): void {
  switch (event.type) {
    case 'SessionStarted':
    case 'SessionSteppedUp':
    case 'SessionExtended':
    case 'SessionEnded':
      return evolveSession(event, to, context);
    case 'RefreshFamilyStarted':
    case 'RefreshRotated':
    case 'RefreshFamilyRevoked':
      return evolveRefreshFamily(event, to, context);
    case 'TokenRevoked':
      return evolveTokenRevocation(event, to, context);
    case 'ChallengeIssued':
    case 'ChallengeAttempted':
      return evolveChallenge(event, to, context);
    case 'AuthorizationCodeIssued':
    case 'AuthorizationCodeReplayed':
      return evolveAuthorizationCode(event, to, context);
    case 'AssertionUsed':
      return evolveAssertion(event, to, context);
    case 'DeviceCodeIssued':
    case 'DeviceCodeApproved':
    case 'DeviceCodeDenied':
    case 'DeviceCodeRedeemed':
      return evolveDeviceCode(event, to, context);
    case 'AttemptsRecorded':
      return evolveAttempts(event, to, context);
    case 'SessionLinked':
      return evolveArtifact(event, to, context);
  }
}
