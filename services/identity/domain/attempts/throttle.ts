const minute = 60_000;

/** Failures that cost nothing yet (SP 800-63B-4, 3.2.2 allows 100 in a row). */
export const freeFailures = 10;
/** Failures are forgotten when there was none for so long. */
export const attemptWindowMs = 24 * 60 * minute;
const firstDelayMs = 1000;
const longestDelayMs = 15 * minute;

/**
 * So long nothing is compared after this many failures, ms: doubles with each, up to a quarter of an
 * hour. Never for ever: a lock-out would be a weapon against the owner.
 */
export function throttleDelayMs(failures: number): number {
  const beyond = failures - freeFailures;
  if (beyond <= 0) return 0;
  return Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(beyond - 1, 20));
}
