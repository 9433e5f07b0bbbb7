import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '#libs/errors/failure.js';
import {
  differences,
  LmdbDocuments,
  type StateDifference,
} from '#services/identity/adapters/lmdb-documents.js';
import { LmdbState, STATE_VERSION } from '#services/identity/adapters/lmdb-state.js';
import { stateFolder } from '#services/identity/adapters/state-versions.js';
import { buildState } from '#services/identity/app/build-state.js';
import { evolve } from '#services/identity/domain/evolve.js';
import type { LedgerAccess } from './place.js';

export interface Rebuilt {
  readonly folder: string;
  /** The state includes everything up to here. */
  readonly position: number;
}

type OnProgress = (done: number, of: number) => void;

/**
 * Builds identity's state, as this build shapes it, up to the present end of the ledger, beside whatever
 * instance serves. Rejects MISCONFIGURED while an instance has the folder.
 */
export async function rebuildState(
  { log, macKeys, place }: LedgerAccess,
  out: string | undefined,
  onProgress: OnProgress,
): Promise<Rebuilt> {
  const folder = out ?? stateFolder(place.dataDir);
  const end = await log.end();
  const state = new LmdbState(folder);
  try {
    await buildState(state, { log, macKeys, evolve }, end - 1, (position) =>
      onProgress(position + 1, end),
    );
    return { folder, position: state.point.position };
  } finally {
    await state.close();
  }
}

export interface Compared {
  /** Both states were compared here. */
  readonly position: number;
  readonly differences: readonly StateDifference[];
}

/**
 * Compares the documents of a state, which an instance may be serving from, with those of another one, or
 * with a fresh fold of the ledger. The other one is brought to the same position first. Rejects WRONG_STATE
 * when it is ahead, and DIVERGED when the two have read different histories.
 */
export async function compareStates(
  access: LedgerAccess,
  folder: string | undefined,
  other: string | undefined,
  onProgress: OnProgress,
): Promise<Compared> {
  const served = folder ?? stateFolder(access.place.dataDir);
  const temporary = other === undefined ? mkdtempSync(join(tmpdir(), 'ledgate-state-')) : undefined;
  const built = other ?? join(temporary ?? '', 'state');
  try {
    // A long build first, without holding on to what the instance has: then the little that came since.
    await bringTo(access, built, await positionOf(served), onProgress);
    const first = new LmdbDocuments(served);
    try {
      await bringTo(access, built, first.point.position, onProgress);
      return await compareOpen(first, built);
    } finally {
      await first.close();
    }
  } finally {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}

async function positionOf(folder: string): Promise<number> {
  const documents = new LmdbDocuments(folder);
  await documents.close();
  return documents.point.position;
}

async function bringTo(
  { log, macKeys }: LedgerAccess,
  folder: string,
  position: number,
  onProgress: OnProgress,
): Promise<void> {
  await requireOwnVersion(folder);
  const state = new LmdbState(folder);
  try {
    const ahead = state.point.position;
    if (ahead > position) {
      const text = `${folder} stands at ${ahead}, ahead of ${position}: compare again later`;
      throw new Failure('WRONG_STATE', text);
    }
    await buildState(state, { log, macKeys, evolve }, position, (at) => onProgress(at, position));
  } finally {
    await state.close();
  }
}

/** A build drops what another one built: that must not happen to a state which was only to be compared. */
async function requireOwnVersion(folder: string): Promise<void> {
  if (!existsSync(join(folder, 'data.mdb'))) return;
  const documents = new LmdbDocuments(folder);
  await documents.close();
  if (documents.version === STATE_VERSION) return;
  const text = `${folder} was built by another build (version ${documents.version}): compare with that one`;
  throw new Failure('WRONG_STATE', text);
}

async function compareOpen(first: LmdbDocuments, folder: string): Promise<Compared> {
  const second = new LmdbDocuments(folder);
  try {
    if (Buffer.compare(first.point.chain, second.point.chain) !== 0) {
      const { position } = first.point;
      throw new Failure('DIVERGED', `up to ${position} the state rests on another history`);
    }
    return { position: first.point.position, differences: [...differences(first, second)] };
  } finally {
    await second.close();
  }
}
