/** The closed sets: a value outside its set does not decode. */
export const principalKinds = ['USER', 'SERVICE'] as const;
export const loginNameKinds = ['USERNAME', 'EMAIL'] as const;
export const risks = ['NORMAL', 'SENSITIVE'] as const;
export const subjectKinds = ['PRINCIPAL', 'GROUP'] as const;
export const passwordCauses = ['CHANGE', 'RESET', 'ADMIN', 'IMPORT'] as const;
export const origins = ['SIGNUP', 'ADMIN', 'IDP', 'IMPORT'] as const;
export const watermarkScopes = ['PRINCIPAL', 'CLIENT', 'TENANT', 'ALL'] as const;
export const signingAlgorithms = ['EdDSA', 'ES256', 'RS256'] as const;
/** Why something was taken away. Closed, because causes are public; words go into the reason. */
export const causes = [
  'OWNER',
  'ADMIN',
  'COMPROMISE',
  'CLONE_DETECTED',
  'ROTATION',
  'REVIEW',
] as const;

/** What a tenant may let its users prove beside, or instead of, a password. */
export const factorKinds = ['TOTP', 'PASSKEY', 'SMS', 'EMAIL', 'RECOVERY_CODE'] as const;
/** Who of a tenant must have a second factor. */
export const factorDemands = ['NOBODY', 'ADMINS', 'EVERYBODY'] as const;
export const otpChannels = ['SMS', 'EMAIL'] as const;
/** RFC 6238, section 1.2. */
export const otpAlgorithms = ['SHA1', 'SHA256', 'SHA512'] as const;
export const certificateKinds = ['SPKI', 'SPIFFE'] as const;
/** What `CredentialRemoved` can end; passwords and API keys have events of their own. */
export const removableCredentials = [
  'TOTP',
  'OTP_CHANNEL',
  'PASSKEY',
  'RECOVERY_CODES',
  'CERTIFICATE',
  'CLIENT_SECRET',
] as const;
/** Where an application runs decides what it may be trusted with (RFC 6749, 2.1; RFC 8252). */
export const clientKinds = ['WEB', 'BROWSER', 'NATIVE', 'SERVICE'] as const;
/** The words of the OAuth registries, as they go over the wire. */
export const clientAuthMethods = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'none',
] as const;
export const clientGrantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
] as const;
export const endpointProtocols = ['GRPC', 'HTTP'] as const;
/** What a caller may prove itself with at an endpoint. */
export const endpointCredentials = [
  'SESSION',
  'ACCESS_TOKEN',
  'API_KEY',
  'PASSWORD',
  'CERTIFICATE',
] as const;
/** Whom an upstream login may become: only who linked it, or also a new principal. */
export const linkPolicies = ['LINKED_ONLY', 'REGISTER'] as const;
export const sessionEndCauses = ['LOGOUT', 'OWNER', 'ADMIN', 'REPLACED', 'LIMIT', 'REUSE'] as const;
export const familyEndCauses = [
  'REUSE',
  'LOGOUT',
  'OWNER',
  'ADMIN',
  'CLIENT',
  'CODE_REPLAY',
] as const;
export const tokenEndCauses = ['CLIENT', 'OWNER', 'ADMIN', 'COMPROMISE'] as const;
export const challengeKinds = [
  'RESET',
  'EMAIL_CODE',
  'SMS_CODE',
  'WEBAUTHN',
  'ENROL',
  'STEP_UP',
  'LOGIN',
  'VERIFY',
] as const;
export const attemptFactors = ['PASSWORD', ...factorKinds] as const;

export type PrincipalKind = (typeof principalKinds)[number];
export type LoginNameKind = (typeof loginNameKinds)[number];
export type Risk = (typeof risks)[number];
export type SubjectKind = (typeof subjectKinds)[number];
export type PasswordCause = (typeof passwordCauses)[number];
export type Origin = (typeof origins)[number];
export type WatermarkScope = (typeof watermarkScopes)[number];
export type SigningAlgorithm = (typeof signingAlgorithms)[number];
export type Cause = (typeof causes)[number];
export type FactorKind = (typeof factorKinds)[number];
export type FactorDemand = (typeof factorDemands)[number];
export type OtpChannel = (typeof otpChannels)[number];
export type OtpAlgorithm = (typeof otpAlgorithms)[number];
export type CertificateKind = (typeof certificateKinds)[number];
export type RemovableCredential = (typeof removableCredentials)[number];
export type ClientKind = (typeof clientKinds)[number];
export type ClientAuthMethod = (typeof clientAuthMethods)[number];
export type ClientGrantType = (typeof clientGrantTypes)[number];
export type EndpointProtocol = (typeof endpointProtocols)[number];
export type EndpointCredential = (typeof endpointCredentials)[number];
export type LinkPolicy = (typeof linkPolicies)[number];
export type SessionEndCause = (typeof sessionEndCauses)[number];
export type FamilyEndCause = (typeof familyEndCauses)[number];
export type TokenEndCause = (typeof tokenEndCauses)[number];
export type ChallengeKind = (typeof challengeKinds)[number];
export type AttemptFactor = (typeof attemptFactors)[number];
