import type { SessionLedgerEvent } from './catalogue.js';
import type { UsedProofs } from './catalogue/session.js';
import type { Key } from './keys.js';
import { global, tuple, type KeyMaker, type Writes } from './writes.js';

interface OfSession {
  readonly session: string;
  readonly principal: string;
  readonly tokenSha256?: string | undefined;
}

/** A session token alone finds its tenant. */
const tokenOf = (sha256: string | undefined): Key[] =>
  sha256 === undefined ? [] : [global('session-token', sha256)];
const session = (e: OfSession, at: KeyMaker): Key[] => [
  at('session', e.session),
  at('sessions-list', e.principal),
  ...tokenOf(e.tokenSha256),
];
const device = (e: { deviceSha256: string; userCodeSha256: string }, at: KeyMaker): Key[] => [
  at('device', e.deviceSha256),
  at('usercode', e.userCodeSha256),
];

/** Everything of ledger S. */
export const sessionWrites: Pick<Writes, SessionLedgerEvent['type']> = {
  SessionStarted: (e, at) => [
    ...session(e, at),
    at('attempts', e.principal),
    ...consumed(e.used, at),
  ],
  SessionSteppedUp: (e, at) => [
    ...session(e, at),
    ...tokenOf(e.replacedTokenSha256),
    at('attempts', e.principal),
    ...consumed(e.used, at),
  ],
  SessionExtended: (e, at) => [at('session', e.session)],
  SessionEnded: (e, at) => session(e, at),
  RefreshFamilyStarted: (e, at) => [
    at('family', e.family),
    ...(e.codeSha256 === undefined ? [] : [at('code', e.codeSha256)]),
  ],
  RefreshRotated: (e, at) => [at('family', e.family)],
  RefreshFamilyRevoked: (e, at) => [at('family', e.family)],
  TokenRevoked: (e, at) => [at('token', e.jti)],

  ChallengeIssued: (e, at) => [
    at('challenge', e.challenge),
    at('challenge-slot', tuple(e.principal, e.kind, ...(e.device === undefined ? [] : [e.device]))),
  ],
  ChallengeAttempted: (e, at) => [at('challenge', e.challenge)],
  AuthorizationCodeIssued: (e, at) => [at('code', e.codeSha256)],
  AuthorizationCodeReplayed: (e, at) => [
    at('code', e.codeSha256),
    ...(e.family === undefined ? [] : [at('family', e.family)]),
  ],
  AssertionUsed: (e, at) => [at('jti', tuple(e.client, e.jtiSha256))],
  DeviceCodeIssued: (e, at) => device(e, at),
  DeviceCodeApproved: (e, at) => device(e, at),
  DeviceCodeDenied: (e, at) => device(e, at),
  DeviceCodeRedeemed: (e, at) => device(e, at),
  AttemptsRecorded: (e, at) => [at('attempts', e.principal)],
  SessionLinked: (e, at) => [at('artifact', e.id)],
};

/** Single-use things are consumed by the record that has their effect. */
function consumed(used: UsedProofs | undefined, at: KeyMaker): Key[] {
  if (used === undefined) return [];
  const { challenge, totp, passkey, recovery } = used;
  const keys: Key[] = [];
  if (challenge !== undefined) keys.push(at('challenge', challenge));
  if (totp !== undefined) keys.push(at('totp-step', totp.credential));
  if (passkey !== undefined) keys.push(at('passkey-count', passkey.credential));
  if (recovery !== undefined) {
    const { credential, generation, index } = recovery;
    keys.push(at('recovery-use', tuple(credential, String(generation), String(index))));
  }
  return keys;
}
