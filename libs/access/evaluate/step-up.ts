/** How strongly, and when, whoever asks has authenticated. */
export interface AuthenticationFacts {
  /** `''` for what nobody logs in with, such as API keys: it satisfies no demand. */
  readonly acr: string;
  /** ms since the Unix epoch; NaN where it is not known: it satisfies no maximum age. */
  readonly authTimeMs: number;
}

export interface AuthenticationDemand {
  /** undefined: any. */
  readonly minAcr?: string | undefined;
  /** undefined: however long ago. */
  readonly maxAuthAgeMs?: number | undefined;
}

/** What must be done so that the answer becomes ALLOW (RFC 9470): a login at least so strong and new. */
export interface Obligation {
  /** `''`: the present one is strong enough. */
  readonly acr: string;
  /** undefined: the present one is new enough. */
  readonly maxAgeMs: number | undefined;
}

/** `acr` values from weak to strong. */
export const acrValues = ['urn:ledgate:acr:1', 'urn:ledgate:acr:2'] as const;
/** One factor. */
export const oneFactor = acrValues[0];
/** Two factors, or a passkey with user verification. */
export const twoFactors = acrValues[1];

/** 0 for a value that is none of ours: the weakest as a fact; as a demand nothing satisfies it. */
export function acrLevel(acr: string): number {
  return acrValues.indexOf(acr as (typeof acrValues)[number]) + 1;
}

/**
 * What is missing for the demand, or undefined when it is met. A demand that cannot be understood is
 * never met. A clock that stands before the authentication counts as age 0.
 */
export function stepUpNeeded(
  facts: AuthenticationFacts,
  { minAcr = '', maxAuthAgeMs }: AuthenticationDemand,
  nowMs: number,
): Obligation | undefined {
  const level = acrLevel(minAcr);
  const strong = minAcr === '' || (level > 0 && acrLevel(facts.acr) >= level);
  const fresh = maxAuthAgeMs === undefined || nowMs - facts.authTimeMs <= maxAuthAgeMs;
  if (strong && fresh) return undefined;
  return { acr: strong ? '' : minAcr, maxAgeMs: fresh ? undefined : maxAuthAgeMs };
}
