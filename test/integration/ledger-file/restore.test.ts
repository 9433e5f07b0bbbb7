import { afterEach, describe, it } from 'vitest';
import {
  copyMovesTheLedger,
  exportAndImportKeepTheState,
  restoreKillsWhatWasIssued,
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
    await restoreKillsWhatWasIssued(await place(), await place());
  });

  it('copied while it is written to: all that was answered is there, and what was issued stays good', async () => {
    await copyMovesTheLedger(await place(), await place());
  });

  it('exported and imported is the same state', async () => {
    await exportAndImportKeepTheState([await place(), await place()]);
  });
});
