const offset = 0x811c9dc5;
const prime = 0x01000193;
const all = 0x1_0000_0000;

/**
 * Whether a decision is in a sample of this share (0 to 1): by its id alone, so that everybody who
 * samples the same decisions picks the same ones. FNV-1a, and its bits stirred once more, for ids of
 * one process differ in their last characters only.
 */
export function isSampled(decisionId: string, share: number): boolean {
  if (share <= 0) return false;
  if (share >= 1) return true;
  let hash = offset;
  for (let i = 0; i < decisionId.length; i++) {
    hash = Math.imul(hash ^ decisionId.charCodeAt(i), prime);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / all < share;
}
