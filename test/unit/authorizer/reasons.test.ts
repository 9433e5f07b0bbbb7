import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reasonName, type ReasonName } from '#libs/access/reason-code.js';
import { isUndecided, reasonsBefore, type Reason } from '#services/authorizer/app/reasons.js';

const page = readFileSync(new URL('../../../docs/reasons.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (allow|deny|none) \|/gm)].map(
  ([, reason = '', decision = '']) => ({ reason, decision }),
);

/** Every reason of the evaluation, by its number: the list ends where numbers have no name left. */
function evaluationReasons(): ReasonName[] {
  const names: ReasonName[] = [reasonName(0)];
  for (let code = 1; reasonName(code) !== reasonName(0); code++) names.push(reasonName(code));
  return names;
}

describe('docs/reasons.md', () => {
  it('lists every reason of the code, and none that is not there', () => {
    const documented = rows.map(({ reason }) => reason).sort();
    expect(documented).toEqual([...evaluationReasons(), ...reasonsBefore].sort());
  });

  it('says of each what it decides', () => {
    for (const { reason, decision } of rows) {
      const undecided = isUndecided(reason as Reason);
      const expected = reason === 'ALLOWED' ? 'allow' : undecided ? 'none' : 'deny';
      expect(`${reason} ${decision}`).toBe(`${reason} ${expected}`);
    }
  });
});
