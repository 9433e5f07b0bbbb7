import { HashedIds } from '#services/identity/app/hashed-ids.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { nameableForMs } from '#services/identity/app/sealing.js';
import { erasures, type ErasureDocument } from '#services/identity/domain/erasure/state.js';
import { tenants } from '#services/identity/domain/tenant/state.js';
import type { BlobStore } from '#services/identity/ports/blob-store.js';
import type { FoldedState } from '#services/identity/ports/folded-state.js';

/** A blob that no document names is left alone for so long after it was put, ms. */
export const sweepAfterMs = 24 * nameableForMs;
/** Documents looked at between two looks at the rest of the event loop. */
const SLICE = 1_000;

export interface SweepOptions {
  readonly state: Pick<FoldedState, 'get' | 'scan'>;
  readonly blobs: BlobStore;
  /** The earlier of the log's and the own clock, ms: one that is ahead alone erases nothing. */
  readonly nowMs: number;
  /** How old the state may be; an older one knows too little of what is named. */
  readonly stalenessMs: number;
  /**
   * Whether the state still is the one that the sweep began with, and whole. Asked before each erasure:
   * names that were read out of a state that was dropped meanwhile are not all the names.
   */
  readonly stillSure: () => boolean;
  /** Default `sweepAfterMs`; smaller only where a test shows what the wait is for. */
  readonly afterMs?: number;
}

/**
 * Erases what the vault holds for nobody: what recorded erasures name and a killed instance has left;
 * blobs of commands that came to nothing, and those that others have replaced. A blob is put before the
 * record that names it, and a record names only what was put within `nameableForMs`: so whatever is a
 * day old and not named by a state of this hour never will be. Blobs of tenants whose time has come
 * (`erase_after_ms`) count as named by nobody. Blobs without a known time (older builds) stay. Any
 * instance may do it, at any time, and be killed at it.
 *
 * @returns how many blobs were erased.
 */
export async function sweepVault(options: SweepOptions): Promise<number> {
  const { state, blobs, nowMs, stalenessMs, stillSure, afterMs = sweepAfterMs } = options;
  const { named, toErase } = await namedBlobs(state, nowMs);
  const current = stalenessMs <= nameableForMs;
  let erased = 0;
  for await (const { id, putAtMs } of blobs.list()) {
    const old = putAtMs > 0 && putAtMs + afterMs < nowMs;
    if (!toErase.has(id) && !(current && old && !named.has(id))) continue;
    if (!stillSure()) break;
    await blobs.erase(id);
    erased += 1;
  }
  return erased;
}

interface NamedBlobs {
  /** What live documents point to. Ids that hash alike keep each other: the safe side. */
  readonly named: HashedIds;
  /** What recorded erasures name. */
  readonly toErase: ReadonlySet<string>;
}

async function namedBlobs(state: SweepOptions['state'], nowMs: number): Promise<NamedBlobs> {
  const named = new HashedIds();
  const toErase = new Set<string>();
  let [after, tenant, over]: [string | undefined, string | undefined, boolean] = [
    undefined,
    undefined,
    false,
  ];
  for (let seen = SLICE; seen === SLICE;) {
    seen = 0;
    for (const [text, document] of state.scan('', after)) {
      after = text;
      const owner = text.slice(0, text.indexOf('/'));
      if (owner !== tenant) over = isOver(state, owner, nowMs);
      tenant = owner;
      if (text.startsWith(`${owner}/${erasures.kind}:`)) {
        for (const id of (document as ErasureDocument).vaultIds) toErase.add(id);
      } else if (!over) addRefs(named, document);
      seen += 1;
      if (seen === SLICE) break;
    }
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return { named, toErase };
}

function isOver(state: SweepOptions['state'], tenant: string, nowMs: number): boolean {
  const document = tenants.read(documentsOf(state), tenant, tenant);
  return document?.status === 'DELETED' && (document.eraseAfterMs ?? Infinity) < nowMs;
}

/** Whatever looks like a reference counts as one, wherever it stands: the safe side again. */
function addRefs(named: HashedIds, value: object): void {
  const { id, sha256 } = value as { readonly id?: unknown; readonly sha256?: unknown };
  if (typeof id === 'string' && typeof sha256 === 'string') named.add(id);
  for (const part of Object.values(value) as unknown[]) {
    if (typeof part === 'object' && part !== null) addRefs(named, part);
  }
}
