/** The newest ones: a start takes the last, and has others when it is damaged. */
const newest = 3;
/** Older ones, for questions about the past. */
const mostOlder = 24;
/** Records between two older ones, while there are few. */
const closest = 65_536;

/**
 * Which of the snapshots at these (ascending) positions to keep: the newest three, and of the older ones
 * the first in each stretch of the ledger; the stretches double until no more than 24 are left.
 */
export function worthKeeping(positions: readonly number[]): ReadonlySet<number> {
  const older = positions.slice(0, -newest);
  let kept = older;
  for (let stretch = closest; kept.length > mostOlder; stretch *= 2) {
    const firsts = new Map<number, number>();
    for (const position of older) {
      const which = Math.floor(position / stretch);
      if (!firsts.has(which)) firsts.set(which, position);
    }
    kept = [...firsts.values()];
  }
  return new Set([...kept, ...positions.slice(-newest)]);
}
