import { afterEach, describe, expect, it } from 'vitest';
import {
  copyMovesTheLedger,
  restoreKillsWhatWasIssued,
  statesOnTheWay,
} from '../../support/ledgate/ledger-file-story.js';
import { embeddedPlace, type Place } from '../../support/ledgate/ledger-place.js';

const opened: Place[] = [];
const place = async (): Promise<Place> => {
  const made = await embeddedPlace();
  opened.push(made);
  return made;
};
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

describe('a ledger in a file, embedded', () => {
  it('restored: tokens, keys and consistency tokens of before are dead, passwords and grants are not', async () => {
    const refusals = await restoreKillsWhatWasIssued(await place(), await place());
    expect(refusals).toEqual(['ISSUED_BEFORE_RESTORE', 'TOKEN_WRONG_EPOCH']);
  });

  it('copied while it is written to: all that was answered is there, and what was issued stays good', async () => {
    const copied = await copyMovesTheLedger(await place(), await place());
    expect(copied.position).toBe(copied.sealedAt - 1);
  });

  it('exported and imported is the same state', async () => {
    const states = await statesOnTheWay([await place(), await place()]);
    expect(states).toEqual(states.map(() => states[0]));
  });
});
