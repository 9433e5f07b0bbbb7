import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '#libs/errors/failure.js';

const CLEAN = 'closed';
const markOf = (folder: string): string => `${folder}.mark`;
const lockOf = (folder: string): string => `${folder}.lock`;

/** Folders that this process has open. */
const open = new Set<string>();

/**
 * Takes a state folder for this process, and decides whether what is in it may be used. Its commits
 * are not flushed, which only a crash of the machine can turn into damage: so a folder that was not
 * closed properly is trusted only within the same boot of the same machine, and deleted otherwise.
 * Nothing is lost: the ledger has it all.
 *
 * @throws Failure MISCONFIGURED while another process (or another part of this one) has it.
 */
export function takeStateFolder(folder: string): void {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  lock(folder);
  const mark = existsSync(markOf(folder)) ? readFileSync(markOf(folder), 'utf8') : '';
  const boot = bootId();
  const trusted = mark === CLEAN || (mark !== '' && mark === boot);
  if (!trusted) rmSync(folder, { recursive: true, force: true });
  writeFileSync(markOf(folder), boot, { mode: 0o600, flush: true });
}

/** Called once everything is flushed and closed. */
export function releaseStateFolder(folder: string): void {
  writeFileSync(markOf(folder), CLEAN, { mode: 0o600, flush: true });
  rmSync(lockOf(folder), { force: true });
  open.delete(folder);
}

/** Whether a living process has the folder open. */
export function isStateFolderTaken(folder: string): boolean {
  return open.has(folder) || heldBy(lockOf(folder)) !== undefined;
}

/** Removes what stands beside a folder that nobody has open. */
export function forgetStateFolder(folder: string): void {
  for (const path of [markOf(folder), lockOf(folder)]) rmSync(path, { force: true });
}

/** Two writers would tear the state apart: each folds the ledger at its own pace. */
function lock(folder: string): void {
  const holder = open.has(folder) ? processName(process.pid) : heldBy(lockOf(folder));
  if (holder !== undefined) {
    throw new Failure(
      'MISCONFIGURED',
      `${folder} is in use by process ${holder.split(' ')[0]}: give each instance a folder`,
    );
  }
  writeFileSync(lockOf(folder), processName(process.pid), { mode: 0o600, flush: true });
  open.add(folder);
}

/** Name of the living process that holds the lock, if there is one and it is not this one. */
function heldBy(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const holder = readFileSync(path, 'utf8');
  const pid = Number.parseInt(holder, 10);
  if (!(pid > 0) || pid === process.pid || !isAlive(pid)) return undefined;
  return processName(pid) === holder ? holder : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Pid and, where the system tells, start time: a pid that is used again is another process. */
function processName(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
    return `${pid} ${fields?.[19] ?? ''}`;
  } catch {
    return `${pid} `;
  }
}

/** Changes with each start of the machine; `''` where the system does not tell. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
