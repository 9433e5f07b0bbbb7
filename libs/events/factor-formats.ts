import * as wire from '#proto/ledgate/ledger/v1/factor_events.js';
import * as identity from '#proto/ledgate/ledger/v1/identity_events.js';
import {
  causes,
  certificateKinds,
  otpAlgorithms,
  otpChannels,
  removableCredentials,
} from './catalogue.js';
import { credential, format, principal, vaultRef } from './event-format.js';
import type { FieldRules } from './field-rules.js';

const external: FieldRules = {
  ...principal,
  provider: 'text',
  issuer: 'text',
  blindIndex: 'text',
};

/** What people and services prove themselves with, beside passwords and API keys. */
export const factorFormats = {
  LoginNameVerified: format('LoginNameVerified', 'principal', identity.LoginNameVerified, {
    ...principal,
    blindIndex: 'text',
  }),
  ExternalIdentityLinked: format(
    'ExternalIdentityLinked',
    'principal',
    identity.ExternalIdentityLinked,
    { ...external, externalSubject: { message: vaultRef } },
  ),
  ExternalIdentityUnlinked: format(
    'ExternalIdentityUnlinked',
    'principal',
    identity.ExternalIdentityUnlinked,
    { ...external, cause: causes },
  ),
  TotpEnrolled: format('TotpEnrolled', 'credential', wire.TotpEnrolled, {
    ...credential,
    seed: { message: vaultRef },
    algorithm: otpAlgorithms,
    digits: 'positive',
    periodSeconds: 'positive',
  }),
  OtpChannelEnrolled: format('OtpChannelEnrolled', 'credential', wire.OtpChannelEnrolled, {
    ...credential,
    channel: otpChannels,
    blindIndex: 'text',
    address: { message: vaultRef },
  }),
  PasskeyRegistered: format('PasskeyRegistered', 'credential', wire.PasskeyRegistered, {
    ...credential,
    webauthnId: 'text',
    idSha256: 'text',
    publicKey: 'text',
    transports: 'texts',
  }),
  RecoveryCodesGenerated: format(
    'RecoveryCodesGenerated',
    'credential',
    wire.RecoveryCodesGenerated,
    { ...credential, generation: 'positive', count: 'positive', codes: { message: vaultRef } },
  ),
  RecoveryCodeConsumed: format('RecoveryCodeConsumed', 'credential', wire.RecoveryCodeConsumed, {
    ...credential,
    generation: 'positive',
  }),
  CertificateBound: format('CertificateBound', 'credential', wire.CertificateBound, {
    ...credential,
    kind: certificateKinds,
    identity: 'text',
  }),
  ClientSecretCreated: format('ClientSecretCreated', 'credential', wire.ClientSecretCreated, {
    ...credential,
    client: 'text',
    prefix: 'text',
    sha256: 'text',
  }),
  CredentialRemoved: format('CredentialRemoved', 'credential', wire.CredentialRemoved, {
    ...credential,
    kind: removableCredentials,
    cause: causes,
  }),
};
