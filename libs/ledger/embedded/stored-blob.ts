/**
 * How a blob lies in LMDB: `2`, the time at which it was put as a big-endian double, the blob; `1`,
 * the blob, for one that a build has put which kept no times; `0` alone for an erased id: enough to
 * refuse it for ever, nothing of the blob.
 */
export const storedErasure = Buffer.from([0]);
const untimed = 1;
const timed = 2;
const timedAt = 9;

export function storedBlob(blob: Uint8Array, putAtMs: number): Buffer {
  const stored = Buffer.allocUnsafe(timedAt + blob.length);
  stored[0] = timed;
  stored.writeDoubleBE(putAtMs, 1);
  stored.set(blob, timedAt);
  return stored;
}

/** `undefined` for an erased one. */
export function blobOf(stored: Buffer): Uint8Array | undefined {
  if (stored[0] === timed) return new Uint8Array(stored.subarray(timedAt));
  return stored[0] === untimed ? new Uint8Array(stored.subarray(1)) : undefined;
}

/** ms since the Unix epoch; 0: not known; `undefined`: erased. */
export function putAtMsOf(stored: Buffer): number | undefined {
  if (stored[0] === timed) return stored.readDoubleBE(1);
  return stored[0] === untimed ? 0 : undefined;
}
