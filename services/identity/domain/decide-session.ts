import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { decideArtifact } from './artifact/decide.js';
import { decideAssertion } from './assertion/decide.js';
import { decideAttempts } from './attempts/decide.js';
import { decideAuthorizationCode } from './authorization-code/decide.js';
import { decideChallenge } from './challenge/decide.js';
import { decideDeviceCode } from './device-code/decide.js';
import { decideRefreshFamily } from './refresh-family/decide.js';
import type { SessionCommand } from './session-commands.js';
import { decideSessionLife } from './session/decide.js';
import { decideTokenRevocation } from './token-revocation/decide.js';

/**
 * Decides any command on ledger S. `view` shows documents of S only: what L says (that the principal is
 * active, that the password is still the one) is judged by the command's permit at each attempt, and
 * again by everybody who evaluates what is written here.
 */
export function decideSession(
  command: SessionCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  switch (command.type) {
    case 'StartSession':
    case 'StepUpSession':
    case 'ExtendSession':
    case 'EndSession':
    case 'EndSessions':
      return decideSessionLife(command, view, facts);
    case 'StartRefreshFamily':
    case 'RotateRefreshToken':
    case 'RevokeRefreshFamily':
      return decideRefreshFamily(command, view, facts);
    case 'RevokeToken':
      return decideTokenRevocation(command, view, facts);
    case 'IssueChallenge':
    case 'AttemptChallenge':
      return decideChallenge(command, view, facts);
    case 'IssueAuthorizationCode':
    case 'RedeemAuthorizationCode':
      return decideAuthorizationCode(command, view, facts);
    case 'IssueDeviceCode':
    case 'ApproveDeviceCode':
    case 'DenyDeviceCode':
    case 'RedeemDeviceCode':
      return decideDeviceCode(command, view, facts);
    case 'UseAssertion':
      return decideAssertion(command, view, facts);
    case 'RecordAttempts':
      return decideAttempts(command, view, facts);
    case 'LinkSession':
      return decideArtifact(command, view, facts);
  }
}
