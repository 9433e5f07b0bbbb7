import { type Answer } from '#libs/client/answer.js';

/** Whoever asks must authenticate more strongly, or again; then the same token will do (RFC 9470). */
export interface StepUpRequired {
  /** At least so strongly, as `acr_values` of an authorization request; undefined: it is strong enough. */
  readonly acr: string | undefined;
  /** At most so many seconds ago, as `max_age`; undefined: it is new enough. */
  readonly maxAgeS: number | undefined;
}

/** What an answer asks for before the request may be served; undefined: no stronger authentication. */
export function stepUpRequired({
  obligations,
}: Pick<Answer, 'obligations'>): StepUpRequired | undefined {
  const found = obligations.find(({ kind }) => kind === 'step_up');
  if (found === undefined) return undefined;
  const { acr, max_age: maxAge } = found.parameters;
  return { acr: acr || undefined, maxAgeS: maxAge === undefined ? undefined : Number(maxAge) };
}
