import type { LoginNameKind } from '#libs/events/catalogue.js';
import { codePoints } from './free-text.js';

/** Longest address (RFC 5321, 4.5.3.1.3, without the angle brackets), in UTF-16 units. */
const longestEmail = 254;
const longestUsername = 64;

const invisible = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
const username = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u;
const email = /^[^\s@"(),:;<>[\\\]]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}.-]*[\p{L}\p{M}\p{N}])?$/u;
/** Scripts whose letters are drawn alike: one name may use one of them (UTS 39, 5.2). */
const lookalikes = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u];

export type CanonicalName = { readonly canonical: string } | { readonly problem: string };

/**
 * The one form under which a login name is unique: NFKC, case-folded. `Alice`, `alice` and `ａｌｉｃｅ`
 * are one name. Only addresses hold an `@`, so names of different kinds never meet.
 */
export function canonicalLoginName(kind: LoginNameKind, text: string): CanonicalName {
  if (invisible.test(text)) return { problem: 'must not hold spaces or invisible characters' };
  const canonical = foldCase(text);
  const problem = kind === 'EMAIL' ? emailProblem(canonical) : usernameProblem(canonical);
  return problem === undefined ? { canonical } : { problem };
}

/** Upper case first: it unites letters that lower case alone keeps apart (ß and SS, σ and ς). */
function foldCase(text: string): string {
  let folded = text.normalize('NFKC');
  for (let round = 0; round < 3; round += 1) {
    const next = folded.toUpperCase().toLowerCase().normalize('NFKC');
    if (next === folded) break;
    folded = next;
  }
  return folded;
}

function emailProblem(name: string): string | undefined {
  if (name.length > longestEmail) return `longer than ${longestEmail} characters`;
  return email.test(name) ? scriptProblem(name) : 'is not an e-mail address';
}

function usernameProblem(name: string): string | undefined {
  if (codePoints(name) > longestUsername) return `longer than ${longestUsername} characters`;
  if (username.test(name)) return scriptProblem(name);
  return 'letters, digits, ".", "_" and "-", beginning with a letter or digit';
}

function scriptProblem(name: string): string | undefined {
  const used = lookalikes.filter((script) => script.test(name));
  return used.length <= 1 ? undefined : 'mixes letters of scripts that look alike';
}
