/**
 * UUIDs in their canonical text (lower case, RFC 9562) as four 32-bit words. Anything else is not
 * packed and keeps its own text: `Alice` and `alice`, or two spellings of one UUID, never meet.
 */

const length = 36;
const digitOf = new Int8Array(128).fill(-1);
for (let i = 0; i < 16; i++) digitOf[i.toString(16).charCodeAt(0)] = i;

/** Writes the four words of a canonical UUID; false (and garbage in `words`) for any other text. */
export function packUuid(text: string, words: Int32Array): boolean {
  if (text.length !== length) return false;
  let word = 0;
  let digits = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (code !== 0x2d) return false;
      continue;
    }
    const digit = code < 128 ? (digitOf[code] as number) : -1;
    if (digit < 0) return false;
    word = (word << 4) | digit;
    digits += 1;
    if ((digits & 7) === 0) words[(digits >>> 3) - 1] = word;
  }
  return true;
}

export function unpackUuid(a: number, b: number, c: number, d: number): string {
  const hex = [a, b, c, d].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join('-')}-${hex.slice(20)}`;
}
