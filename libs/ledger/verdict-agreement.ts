import { checkpointCodec, featureLevelCodec, tickCodec } from '#libs/events/control-codec.js';
import { newestLevel } from '#libs/events/feature-levels.js';
import type { Judged } from './judge.js';
import { RecordKind } from './record.js';
import type { VerdictWindow } from './verdict-window.js';

/**
 * Compares what an accepted TICK or CHECKPOINT says about the past with what was judged here. Returns
 * what differs. Agreement is an alarm, not an input: whoever disagrees leaves service.
 */
export function disagreement(judged: Judged, window: VerdictWindow): string | undefined {
  const { accepted, header, payload } = judged;
  if (!accepted || payload === undefined) return undefined;
  if (header?.kind === RecordKind.TICK) {
    const tick = tickCodec.decode(payload);
    if (!tick.ok) return undefined;
    return differ(window.verdictHash(tick.value.position), tick.value.verdictHash, 'verdicts');
  }
  if (header?.kind === RecordKind.CHECKPOINT) {
    const checkpoint = checkpointCodec.decode(payload);
    if (!checkpoint.ok) return undefined;
    const { position, verdictHash, chain } = checkpoint.value;
    return (
      differ(window.chainAt(position), chain, 'chains') ??
      differ(window.verdictHash(position), verdictHash, 'verdicts')
    );
  }
  return undefined;
}

/** The level that an accepted FEATURE_LEVEL raises the ledger to, when this build does not know it. */
export function levelBeyondBuild({ accepted, header, payload }: Judged): number | undefined {
  if (!accepted || header?.kind !== RecordKind.FEATURE_LEVEL) return undefined;
  const decoded = featureLevelCodec.decode(payload ?? new Uint8Array(0));
  return decoded.ok && decoded.value.level > newestLevel ? decoded.value.level : undefined;
}

function differ(
  mine: Uint8Array | undefined,
  theirs: Uint8Array,
  what: string,
): string | undefined {
  // Too long ago to tell.
  if (mine === undefined || Buffer.compare(mine, theirs) === 0) return undefined;
  return `${what} differ`;
}
