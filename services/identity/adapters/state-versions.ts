import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LedgerId } from '#libs/ledger/ledger-place.js';
import { SESSION_STATE_VERSION, STATE_VERSION } from '#services/identity/adapters/lmdb-state.js';
import { forgetStateFolder, isStateFolderTaken } from '#services/identity/adapters/state-folder.js';

/**
 * Folder of the documents as this build shapes them. Another build has another one, so that the next
 * state can be built while the present one is served from.
 */
export function stateFolder(dataDir: string, ledger: LedgerId = 'L'): string {
  return ledger === 'L'
    ? join(dataDir, 'identity-state', `v${STATE_VERSION}`)
    : join(dataDir, 'identity-sessions', `v${SESSION_STATE_VERSION}`);
}

/** Builds before versions had one folder for all: what they left behind is deleted, not migrated. */
export function dropUnversionedState(dataDir: string): void {
  const folder = join(dataDir, 'identity-state');
  if (!existsSync(join(folder, 'data.mdb')) || isStateFolderTaken(folder)) return;
  for (const file of ['data.mdb', 'lock.mdb']) rmSync(join(folder, file), { force: true });
  forgetStateFolder(folder);
}
