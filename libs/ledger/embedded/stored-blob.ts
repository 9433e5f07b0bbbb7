/**
 * How a blob lies in LMDB: `2`, the time at which it was put as a big-endian double, the blob; `1`,
 * the blob, for one that a build has put which kept no times; `0` and the time for an erased id (from
 * older builds without the time): enough to refuse it for ever, nothing of the blob.
 */
const erased = 0;
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

export function storedErasure(erasedAtMs: number): Buffer {
  const stored = Buffer.alloc(timedAt);
  stored[0] = erased;
  stored.writeDoubleBE(erasedAtMs, 1);
  return stored;
}

/** ms since the Unix epoch; 0: not known; `undefined`: the blob is there. */
export function erasedAtMsOf(stored: Buffer): number | undefined {
  if (stored[0] !== erased) return undefined;
  return stored.length < timedAt ? 0 : stored.readDoubleBE(1);
}
