import type { FieldViolation } from '#libs/errors/failure.js';
import type { BlockList } from '#services/identity/ports/block-list.js';

/** Longest password, in code points (NIST SP 800-63B-4 asks for at least 64). */
export const MAX_PASSWORD_LENGTH = 1000;
/** Least length without a second factor, in code points (SP 800-63B-4, 3.1.1.2). */
export const DEFAULT_MIN_PASSWORD_LENGTH = 15;
/** Least length beside a second factor. */
export const MIN_LENGTH_BESIDE_A_FACTOR = 8;

export interface PasswordRules {
  /** Code points; tenants may choose 8 to 64. */
  readonly minLength: number;
  /** Words that must not be the whole of the password: user name, tenant, product. */
  readonly contextWords: readonly string[];
}

/** The form of a password that is hashed and compared (SP 800-63B-4, 3.1.1.2: NFKC). */
export function normalizePassword(password: string): string {
  return password.normalize('NFKC');
}

/**
 * What is wrong with a new password, or nothing. No composition rules and no truncation
 * (ASVS 5.0: 6.2.1, 6.2.4, 6.2.5, 6.2.8, 6.2.9, 6.2.11).
 */
export function judgePassword(
  field: string,
  password: string,
  rules: PasswordRules,
  blockList: BlockList,
): FieldViolation | undefined {
  const normalized = normalizePassword(password);
  const length = Array.from(normalized).length;
  const refuse = (description: string): FieldViolation => ({ field, description });
  if (length === 0) return refuse('must not be empty');
  if (length > MAX_PASSWORD_LENGTH) return refuse(`longer than ${MAX_PASSWORD_LENGTH} characters`);
  if (length < rules.minLength) {
    return refuse(`must have at least ${rules.minLength} characters; a few words make a good one`);
  }
  const folded = normalized.toLowerCase();
  if (blockList.has(folded) || isPattern(folded)) {
    return refuse('is too easy to guess; choose another');
  }
  const core = lettersOf(folded);
  const unit = repeatedUnit(core) ?? core;
  if (unit.length > 0 && blockList.has(unit)) {
    return refuse('is a well-known password with additions; choose another');
  }
  if (rules.contextWords.some((word) => word.length >= 3 && lettersOf(fold(word)) === unit)) {
    return refuse('must not be made of the user name or the name of the service');
  }
  return undefined;
}

function fold(word: string): string {
  return word.normalize('NFKC').toLowerCase();
}

/** What is left without digits, punctuation and spaces. */
function lettersOf(folded: string): string {
  return folded.replaceAll(/[^\p{L}\p{M}]+/gu, '');
}

/** The text that, written several times, makes up the whole; `undefined` if there is none. */
function repeatedUnit(text: string): string | undefined {
  const at = `${text}${text}`.indexOf(text, 1);
  return text.length > 0 && at < text.length ? text.slice(0, at) : undefined;
}

const ROWS = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'];
const RUNS = new Set(
  ROWS.flatMap((row) => [row, Array.from(row).reverse().join('')]).flatMap((row) =>
    Array.from({ length: row.length - 1 }, (_, at) => row.slice(at, at + 2)),
  ),
);

/** A short unit repeated, or a walk along the alphabet, the digits or a keyboard row. */
function isPattern(folded: string): boolean {
  const unit = repeatedUnit(folded);
  if (unit !== undefined && Array.from(unit).length <= 4) return true;
  let steps = 0;
  for (let at = 1; at < folded.length; at += 1) {
    const pair = folded.slice(at - 1, at + 1);
    if (RUNS.has(pair) || pair[0] === pair[1]) steps += 1;
  }
  return steps >= 0.8 * (folded.length - 1);
}
