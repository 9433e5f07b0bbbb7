import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MacKeys } from './mac.js';
import {
  readSnapshot,
  snapshotPieces,
  SnapshotRefused,
  type Capture,
  type Snapshot,
  type SnapshotName,
} from './snapshot-file.js';
import { worthKeeping } from './worth-keeping.js';

export interface SnapshotFolderOptions extends SnapshotName {
  readonly folder: string;
  readonly macKeys: MacKeys;
  /** A file that cannot be used, and why. */
  readonly onPassedOver: (path: string, why: string) => void;
}

const ending = '.snapshot';
const unfinished = '.part';
const digits = 16;

/**
 * Snapshots of one state of one ledger, a file each, named by position. A cache: it may be deleted at
 * any time. A file that is damaged, foreign, of another build or under another key is passed over.
 */
export class SnapshotFolder {
  readonly #options: SnapshotFolderOptions;

  constructor(options: SnapshotFolderOptions) {
    this.#options = options;
  }

  /** Positions that there are files for, ascending. Empty when there is no folder. */
  async positions(): Promise<number[]> {
    const names = await readdir(this.#options.folder).catch(() => []);
    return names
      .filter((name) => name.length === digits + ending.length && name.endsWith(ending))
      .map((name) => Number(name.slice(0, digits)))
      .filter((position) => Number.isSafeInteger(position))
      .sort((a, b) => a - b);
  }

  /** The newest one that can be used. */
  latest(): Promise<Snapshot | undefined> {
    return this.nearest(Number.MAX_SAFE_INTEGER);
  }

  /** The newest one at `position` or before it that can be used. */
  async nearest(position: number): Promise<Snapshot | undefined> {
    const candidates = (await this.positions()).filter((each) => each <= position);
    for (const each of candidates.reverse()) {
      const path = this.#path(each);
      try {
        const bytes = await readFile(path);
        const snapshot = await readSnapshot(bytes, this.#options, this.#options.macKeys);
        if (snapshot.judge.window.position === each) return snapshot;
        throw new SnapshotRefused(`it is of position ${snapshot.judge.window.position}`);
      } catch (error) {
        this.#options.onPassedOver(path, error instanceof Error ? error.message : String(error));
      }
    }
    return undefined;
  }

  /** Writes one whole or not at all, then drops what is not worth keeping. Resolves with its length. */
  async write(capture: Capture): Promise<number> {
    const { folder, macKeys } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = this.#path(capture.window.position);
    const bytes = await writeThrough(
      `${path}${unfinished}`,
      snapshotPieces(this.#options, capture, macKeys),
    );
    await rename(`${path}${unfinished}`, path);
    await sync(folder);
    await this.#tidy();
    return bytes;
  }

  /** Deletes all of them: the log turned out to hold another history. */
  async discard(): Promise<void> {
    for (const position of await this.positions()) await this.#remove(this.#path(position));
  }

  async #tidy(): Promise<void> {
    const { folder } = this.#options;
    const positions = await this.positions();
    const kept = worthKeeping(positions);
    for (const position of positions) {
      if (!kept.has(position)) await this.#remove(this.#path(position));
    }
    for (const name of await readdir(folder)) {
      if (name.endsWith(unfinished)) await this.#remove(join(folder, name));
    }
  }

  #remove(path: string): Promise<void> {
    return rm(path, { force: true });
  }

  #path(position: number): string {
    return join(this.#options.folder, `${String(position).padStart(digits, '0')}${ending}`);
  }
}

async function writeThrough(path: string, pieces: Iterable<Uint8Array>): Promise<number> {
  const file = await open(path, 'w', 0o600);
  try {
    let bytes = 0;
    for (const piece of pieces) {
      for (let at = 0; at < piece.length;) {
        const { bytesWritten } = await file.write(piece, at, piece.length - at);
        at += bytesWritten;
      }
      bytes += piece.length;
    }
    await file.sync();
    return bytes;
  } finally {
    await file.close();
  }
}

/** The name of a file is safe only once its folder is. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
