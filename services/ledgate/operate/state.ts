import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '#libs/errors/failure.js';
import {
  differences,
  LmdbDocuments,
  type StateDifference,
} from '#services/identity/adapters/lmdb-documents.js';
import {
  LmdbState,
  sessionStateForm,
  STATE_VERSION,
  type StateForm,
} from '#services/identity/adapters/lmdb-state.js';
import { stateFolder } from '#services/identity/adapters/state-versions.js';
import { buildState, type StateSource } from '#services/identity/app/build-state.js';
import { evolve } from '#services/identity/domain/evolve.js';
import { trustOf } from './late-origin.js';
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
  access: LedgerAccess,
  out: string | undefined,
  onProgress: OnProgress,
): Promise<Rebuilt> {
  const { log, place, ledger } = access;
  const folder = out ?? stateFolder(place.dataDir, ledger);
  const end = await log.end();
  const state = new LmdbState(folder, formOf(access));
  try {
    await buildState(state, await sourceOf(access), end - 1, (position) =>
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
  const served = folder ?? stateFolder(access.place.dataDir, access.ledger);
  const temporary = other === undefined ? mkdtempSync(join(tmpdir(), 'ledgate-state-')) : undefined;
  const built = other ?? join(temporary ?? '', 'state');
  try {
    // A long build first, without holding on to what the instance has: then the little that came since.
    await bringTo(access, built, await positionOf(served), onProgress);
    const first = new LmdbDocuments(served);
    try {
      await bringTo(access, built, first.point.position, onProgress);
      return await compareOpen(first, built, access.ledger === 'S' ? Date.now() : 0);
    } finally {
      await first.close();
    }
  } finally {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}

function formOf({ ledger }: LedgerAccess): StateForm {
  return ledger === 'S' ? sessionStateForm : { version: STATE_VERSION };
}

async function sourceOf(access: LedgerAccess): Promise<StateSource> {
  const { log, macKeys, ledger } = access;
  const common = { log, macKeys, evolve };
  return ledger === 'S' ? { ...common, sessionTrust: await trustOf(access) } : common;
}

async function positionOf(folder: string): Promise<number> {
  const documents = new LmdbDocuments(folder);
  await documents.close();
  return documents.point.position;
}

async function bringTo(
  access: LedgerAccess,
  folder: string,
  position: number,
  onProgress: OnProgress,
): Promise<void> {
  await requireOwnVersion(folder, formOf(access).version);
  const state = new LmdbState(folder, formOf(access));
  try {
    const ahead = state.point.position;
    if (ahead > position) {
      const text = `${folder} stands at ${ahead}, ahead of ${position}: compare again later`;
      throw new Failure('WRONG_STATE', text);
    }
    await buildState(state, await sourceOf(access), position, (at) => onProgress(at, position));
  } finally {
    await state.close();
  }
}

/** A build drops what another one built: that must not happen to a state which was only to be compared. */
async function requireOwnVersion(folder: string, version: number): Promise<void> {
  if (!existsSync(join(folder, 'data.mdb'))) return;
  const documents = new LmdbDocuments(folder);
  await documents.close();
  if (documents.version === version) return;
  const text = `${folder} was built by another build (version ${documents.version}): compare with that one`;
  throw new Failure('WRONG_STATE', text);
}

async function compareOpen(
  first: LmdbDocuments,
  folder: string,
  overMs: number,
): Promise<Compared> {
  const second = new LmdbDocuments(folder);
  try {
    if (Buffer.compare(first.point.chain, second.point.chain) !== 0) {
      const { position } = first.point;
      throw new Failure('DIVERGED', `up to ${position} the state rests on another history`);
    }
    return { position: first.point.position, differences: [...differences(first, second, overMs)] };
  } finally {
    await second.close();
  }
}
