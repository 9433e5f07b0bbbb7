import { AppendFailed } from '#libs/ledger/event-log.js';

/** Largest single value any log takes, in bytes (promise L8). */
export const MAX_VALUE_BYTES = 1_048_576;

/** Largest sum of the values of one append, in bytes: all of them become one batch of the store. */
export const MAX_APPEND_BYTES = 8_388_608;

/** Bytes a store may add to each value (offsets, lengths) without refusing what is allowed here. */
const OVERHEAD_PER_VALUE = 64;

/** Throws AppendFailed with outcome `none` for an append that no log may take. */
export function checkAppend(values: readonly Uint8Array[]): void {
  if (values.length === 0) throw new AppendFailed('none', 'an append needs at least one value');
  let total = 0;
  for (const value of values) {
    if (value.byteLength > MAX_VALUE_BYTES) {
      throw new AppendFailed(
        'none',
        `a value of ${value.byteLength} bytes is above ${MAX_VALUE_BYTES}`,
      );
    }
    total += value.byteLength + OVERHEAD_PER_VALUE;
  }
  if (total > MAX_APPEND_BYTES) {
    throw new AppendFailed('none', `an append of ${total} bytes is above ${MAX_APPEND_BYTES}`);
  }
}
