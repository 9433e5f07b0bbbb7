import * as wire from '#proto/ledgate/ledger/v1/session_events.js';
import * as shortLived from '#proto/ledgate/ledger/v1/short_lived_events.js';
import {
  attemptFactors,
  challengeKinds,
  familyEndCauses,
  sessionEndCauses,
  tokenEndCauses,
} from './catalogue.js';
import { format, optionalForOldReaders, principal } from './event-format.js';
import type { FieldRules } from './field-rules.js';

const session: FieldRules = {
  session: 'text',
  ...principal,
  credential: 'text',
  acr: 'text',
  amr: 'texts',
  idleUntilMs: 'positive',
  expiresAtMs: 'positive',
};
const used: FieldRules = {
  totp: { optional: { credential: 'text' } },
  passkey: { optional: { credential: 'text' } },
  recovery: { optional: { credential: 'text', generation: 'positive' } },
};
/** Without a client: of our own command line and pages. */
const family: FieldRules = {
  family: 'text',
  session: 'text',
  ...principal,
  credential: 'text',
  scopes: 'texts',
  acr: 'text',
  idleUntilMs: 'positive',
  expiresAtMs: 'positive',
};
const device: FieldRules = {
  deviceSha256: 'text',
  userCodeSha256: 'text',
  expiresAtMs: 'positive',
};

/** Everything of ledger S. */
export const sessionFormats = {
  SessionStarted: format('SessionStarted', 'session', wire.SessionStarted, {
    ...session,
    used: { optional: used },
  }),
  SessionSteppedUp: format('SessionSteppedUp', 'session', wire.SessionSteppedUp, {
    ...session,
    used: { optional: used },
  }),
  SessionExtended: format('SessionExtended', 'session', wire.SessionExtended, session),
  SessionEnded: format('SessionEnded', 'session', wire.SessionEnded, {
    session: 'text',
    ...principal,
    cause: sessionEndCauses,
    expiresAtMs: 'positive',
  }),
  RefreshFamilyStarted: format(
    'RefreshFamilyStarted',
    'refresh_family',
    wire.RefreshFamilyStarted,
    family,
  ),
  RefreshRotated: format('RefreshRotated', 'refresh_family', wire.RefreshRotated, {
    ...family,
    generation: 'positive',
  }),
  RefreshFamilyRevoked: format(
    'RefreshFamilyRevoked',
    'refresh_family',
    wire.RefreshFamilyRevoked,
    { family: 'text', ...principal, cause: familyEndCauses },
  ),
  TokenRevoked: format('TokenRevoked', 'token', wire.TokenRevoked, {
    jti: 'text',
    ...principal,
    expiresAtMs: 'positive',
    cause: tokenEndCauses,
  }),

  ChallengeIssued: format('ChallengeIssued', 'challenge', shortLived.ChallengeIssued, {
    challenge: 'text',
    kind: challengeKinds,
    ...principal,
    tries: 'positive',
    expiresAtMs: 'positive',
  }),
  ChallengeAttempted: format('ChallengeAttempted', 'challenge', shortLived.ChallengeAttempted, {
    challenge: 'text',
    ...principal,
  }),
  AuthorizationCodeIssued: format(
    'AuthorizationCodeIssued',
    'authorization_code',
    shortLived.AuthorizationCodeIssued,
    {
      codeSha256: 'text',
      session: 'text',
      ...principal,
      client: 'text',
      scopes: 'texts',
      acr: 'text',
      expiresAtMs: 'positive',
    },
  ),
  AuthorizationCodeReplayed: format(
    'AuthorizationCodeReplayed',
    'authorization_code',
    shortLived.AuthorizationCodeReplayed,
    { codeSha256: 'text', client: 'text' },
  ),
  AssertionUsed: format('AssertionUsed', 'assertion', shortLived.AssertionUsed, {
    client: 'text',
    jtiSha256: 'text',
    expiresAtMs: 'positive',
  }),
  DeviceCodeIssued: format('DeviceCodeIssued', 'device_code', shortLived.DeviceCodeIssued, {
    ...device,
    client: 'text',
    scopes: 'texts',
  }),
  DeviceCodeApproved: format('DeviceCodeApproved', 'device_code', shortLived.DeviceCodeApproved, {
    ...device,
    ...principal,
    session: 'text',
    scopes: 'texts',
    acr: 'text',
  }),
  DeviceCodeDenied: format('DeviceCodeDenied', 'device_code', shortLived.DeviceCodeDenied, {
    ...device,
    ...principal,
  }),
  DeviceCodeRedeemed: format(
    'DeviceCodeRedeemed',
    'device_code',
    shortLived.DeviceCodeRedeemed,
    device,
  ),
  AttemptsRecorded: format('AttemptsRecorded', 'attempts', shortLived.AttemptsRecorded, {
    ...principal,
    factor: attemptFactors,
  }),
  SessionLinked: format(
    'SessionLinked',
    'session',
    shortLived.SessionLinked,
    { id: 'text', session: 'text', ...principal, artifact: 'text', expiresAtMs: 'positive' },
    optionalForOldReaders,
  ),
};
