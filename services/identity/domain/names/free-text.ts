/** Control, format, unassigned and private characters, line breaks, and what shows nothing. */
const invisible = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const loneSurrogate = /\p{Surrogate}/u;
const edges = /^\p{Z}|\p{Z}$/u;

/**
 * What is wrong with a text that people read (display names, descriptions), or nothing. It is kept as
 * it is given, so it must already be in NFC; lengths are code points.
 */
export function freeTextProblem(text: string, least: number, most: number): string | undefined {
  const length = codePoints(text);
  if (length < least) return least === 1 ? 'must not be empty' : `shorter than ${least} characters`;
  if (length > most) return `longer than ${most} characters`;
  if (loneSurrogate.test(text)) return 'is not well-formed Unicode';
  if (text.normalize('NFC') !== text) return 'must be in Unicode normal form NFC';
  if (invisible.test(text)) return 'must not hold control or invisible characters';
  return edges.test(text) ? 'must not begin or end with a space' : undefined;
}

export function codePoints(text: string): number {
  return Array.from(text).length;
}

/** The text as `freeTextProblem` takes it: what may not be kept is left out, and the rest cut. */
export function freeText(text: string, most: number): string {
  const shown = text
    .replaceAll(/\p{Surrogate}/gu, '')
    .normalize('NFC')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, ' ');
  return Array.from(shown.trim()).slice(0, most).join('').trim();
}
