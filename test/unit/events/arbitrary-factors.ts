import * as fc from 'fast-check';
import {
  certificateKinds,
  otpAlgorithms,
  otpChannels,
  removableCredentials,
  type FactorEvent,
} from '#libs/events/catalogue.js';
import {
  bool,
  cause,
  count,
  credential,
  free,
  maybe,
  ms,
  ref,
  text,
  texts,
  type FieldsOf,
} from './arbitrary-fields.js';

const external = { principal: text, provider: text, issuer: text, blindIndex: text };

export const factorFields: FieldsOf<
  FactorEvent['type'] | 'LoginNameVerified' | 'ExternalIdentityLinked' | 'ExternalIdentityUnlinked'
> = {
  LoginNameVerified: { principal: text, blindIndex: text, challenge: maybe(text) },
  ExternalIdentityLinked: { ...external, externalSubject: ref },
  ExternalIdentityUnlinked: { ...external, cause },
  TotpEnrolled: {
    ...credential,
    name: free,
    seed: ref,
    algorithm: fc.constantFrom(...otpAlgorithms),
    digits: count,
    periodSeconds: count,
    firstStep: ms,
    challenge: maybe(text),
  },
  OtpChannelEnrolled: {
    ...credential,
    name: free,
    channel: fc.constantFrom(...otpChannels),
    blindIndex: text,
    address: ref,
    challenge: maybe(text),
  },
  PasskeyRegistered: {
    ...credential,
    name: free,
    webauthnId: text,
    idSha256: text,
    publicKey: text,
    aaguid: free,
    transports: texts,
    userVerified: bool,
    discoverable: bool,
    backupEligible: bool,
    backedUp: bool,
    signCount: fc.nat(),
    challenge: maybe(text),
  },
  RecoveryCodesGenerated: { ...credential, generation: count, count, codes: ref },
  RecoveryCodeConsumed: {
    ...credential,
    generation: count,
    index: fc.nat(),
    remaining: fc.nat(),
    challenge: maybe(text),
  },
  CertificateBound: {
    ...credential,
    name: free,
    kind: fc.constantFrom(...certificateKinds),
    identity: text,
    expiresAtMs: maybe(ms),
  },
  ClientSecretCreated: {
    ...credential,
    client: text,
    prefix: text,
    sha256: text,
    expiresAtMs: maybe(ms),
    replaces: maybe(text),
    overlapUntilMs: maybe(ms),
  },
  CredentialRemoved: {
    ...credential,
    kind: fc.constantFrom(...removableCredentials),
    client: maybe(text),
    cause,
  },
};
