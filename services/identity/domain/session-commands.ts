import type { LinkSession } from './artifact/commands.js';
import type { UseAssertion } from './assertion/commands.js';
import type { RecordAttempts } from './attempts/commands.js';
import type { AuthorizationCodeCommand } from './authorization-code/commands.js';
import type { ChallengeCommand } from './challenge/commands.js';
import type { DeviceCodeCommand } from './device-code/commands.js';
import type { RefreshFamilyCommand } from './refresh-family/commands.js';
import type { SessionLifeCommand } from './session/commands.js';
import type { RevokeToken } from './token-revocation/commands.js';

/** Everything that is decided on ledger S. */
export type SessionCommand =
  | SessionLifeCommand
  | RefreshFamilyCommand
  | RevokeToken
  | ChallengeCommand
  | AuthorizationCodeCommand
  | DeviceCodeCommand
  | UseAssertion
  | RecordAttempts
  | LinkSession;

export type SessionCommandType = SessionCommand['type'];
