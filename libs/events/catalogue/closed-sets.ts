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

export type PrincipalKind = (typeof principalKinds)[number];
export type LoginNameKind = (typeof loginNameKinds)[number];
export type Risk = (typeof risks)[number];
export type SubjectKind = (typeof subjectKinds)[number];
export type PasswordCause = (typeof passwordCauses)[number];
export type Origin = (typeof origins)[number];
export type WatermarkScope = (typeof watermarkScopes)[number];
export type SigningAlgorithm = (typeof signingAlgorithms)[number];
export type Cause = (typeof causes)[number];
