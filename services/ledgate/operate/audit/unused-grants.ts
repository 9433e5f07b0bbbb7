import type { DecisionsRead } from '../decisions/read-decisions.js';
import type { ReportedGrant, UnusedGrants } from './evidence-report.js';
import type { BookedGrant } from './grant-book.js';

const dayMs = 86_400_000;
const unusedDays = 90;

/**
 * Grants older than 90 days on which no decision of the last 90 days rests. A log that covers less
 * proves nothing, and one that holds a sample only says what was seen: then the caveats say so.
 */
export function unusedGrants(
  grants: readonly BookedGrant[],
  read: DecisionsRead | undefined,
  nowMs: number,
  report: (grant: BookedGrant) => ReportedGrant,
): UnusedGrants {
  if (read === undefined) return { known: false, why: 'no decision log was given' };
  const sinceMs = nowMs - unusedDays * dayMs;
  const earliestMs = read.decisions.reduce((first, { atMs }) => Math.min(first, atMs), Infinity);
  if (!(earliestMs <= sinceMs)) {
    const days = Math.floor((nowMs - Math.min(earliestMs, nowMs)) / dayMs);
    return { known: false, why: `the decision log covers ${days} days, not ${unusedDays}` };
  }
  const unused = grants
    .filter(({ givenAtMs, lastUsedMs = 0 }) => givenAtMs <= sinceMs && lastUsedMs < sinceMs)
    .map((grant) => {
      const { lastUsedMs } = grant;
      const lastUsedAt = lastUsedMs === undefined ? null : new Date(lastUsedMs).toISOString();
      return { ...report(grant), lastUsedAt };
    });
  return { known: true, caveats: caveatsOf(read), grants: unused };
}

function caveatsOf({ samples, gaps, bad, unended }: DecisionsRead): string[] {
  const caveats: string[] = [];
  const least = samples[0] ?? 0;
  if (least < 1) {
    const share = samples.length === 0 ? 'an unknown share' : `${least * 100} %`;
    caveats.push(`of permissions of risk NORMAL only ${share} of what was allowed is in the log`);
  }
  if (gaps.length > 0) caveats.push(`${gaps.length} gaps: decisions are missing`);
  if (bad.length > 0) caveats.push(`${bad.length} lines could not be read`);
  if (unended.length > 0) caveats.push(`${unended.length} authorizers ended without a last line`);
  return caveats;
}
