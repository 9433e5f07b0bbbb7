/**
 * 64-bit fields arrive as bigint, our code counts in numbers: turns every bigint in a freshly decoded
 * message into a number, in place. Throws RangeError beyond 2^53 - 1, where numbers lie.
 */
export function withNumbers<T extends object>(message: T): T {
  const fields = message as Record<string, unknown>;
  for (const name in fields) {
    const value = fields[name];
    if (typeof value === 'bigint') {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) throw new RangeError(`${name} is beyond 2^53`);
      fields[name] = number;
    } else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      withNumbers(value);
    }
  }
  return message;
}
