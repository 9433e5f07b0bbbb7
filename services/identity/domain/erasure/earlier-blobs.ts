/**
 * How many blobs that were replaced a document remembers. More than this within the day that the sweep
 * leaves them takes an administrator who tries: the sweep erases those it forgot.
 */
export const mostEarlierBlobs = 512;

/** Ids of blobs that a document named once: erasing the principal must find them. */
export interface WithEarlier {
  readonly earlier?: readonly string[];
}

/** What a changed document remembers; no field where there is nothing. */
export function earlierWith(
  document: WithEarlier | undefined,
  ...ids: readonly (string | undefined)[]
): WithEarlier {
  const named = ids.filter((id) => id !== undefined);
  const earlier = [...(document?.earlier ?? []), ...named].slice(-mostEarlierBlobs);
  return earlier.length === 0 ? {} : { earlier };
}
