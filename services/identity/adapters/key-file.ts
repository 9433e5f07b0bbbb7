import { randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '#libs/errors/failure.js';
import { Secret } from '#libs/runtime/secret.js';

/**
 * The key in a file that only its owner can read; made from 32 random bytes (hex) when the file does
 * not exist. For development and single machines: elsewhere keys come from the environment.
 *
 * @throws Failure MISCONFIGURED when others may read the file.
 */
export function readOrCreateKey(path: string): Secret {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  createKey(path);
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new Failure('MISCONFIGURED', `others can read the key in ${path}: chmod 600 it`);
  }
  return new Secret(readFileSync(path, 'utf8').trim());
}

/** Whole or not at all, also when the process is killed; the first of several processes wins. */
function createKey(path: string): void {
  if (existsSync(path)) return;
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft);
  }
}
