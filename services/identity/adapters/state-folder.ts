import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const CLEAN = 'closed';
const markOf = (folder: string): string => `${folder}.mark`;

/**
 * Decides whether a state folder may be used. Its commits are not flushed, which only a crash of the
 * machine can turn into damage: so a folder that was not closed properly is trusted only within the
 * same boot of the same machine, and deleted otherwise. Nothing is lost: the ledger has it all.
 */
export function prepareStateFolder(folder: string): void {
  const mark = existsSync(markOf(folder)) ? readFileSync(markOf(folder), 'utf8') : '';
  const boot = bootId();
  if (mark !== CLEAN && (mark === '' || mark !== boot))
    rmSync(folder, { recursive: true, force: true });
  writeFileSync(markOf(folder), boot, { mode: 0o600, flush: true });
}

/** Called once everything is flushed and closed. */
export function markClean(folder: string): void {
  writeFileSync(markOf(folder), CLEAN, { mode: 0o600, flush: true });
}

/** Changes with each start of the machine; `''` where the system does not tell. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
