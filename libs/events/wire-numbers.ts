/**
 * 64-bit fields arrive as bigint, our code counts in numbers: turns every bigint in a freshly decoded
 * message into a number, in place. Throws RangeError beyond 2^53 - 1, where numbers lie.
 */
export function withNumbers<T extends object>(message: T): T {
  if (Array.isArray(message)) {
    const items = message as unknown[];
    for (let i = 0; i < items.length; i++) numberIn(items, i, items[i]);
    return message;
  }
  const fields = message as Record<string, unknown>;
  for (const name in fields) numberIn(fields, name, fields[name]);
  return message;
}

function numberIn(of: object, name: string | number, value: unknown): void {
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw new RangeError(`${name} is beyond 2^53`);
    (of as Record<string | number, unknown>)[name] = number;
  } else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    withNumbers(value);
  }
}
