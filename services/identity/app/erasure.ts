import { documentsOf } from '#services/identity/app/accounts.js';
import {
  execute,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { erasures } from '#services/identity/domain/erasure/state.js';
import type { BlobStore } from '#services/identity/ports/blob-store.js';

export type ErasureStatus =
  | { readonly state: 'NONE' }
  | {
      /** ERASED only once the store has removed the blobs from its disks. */
      readonly state: 'ERASING' | 'ERASED';
      readonly blobs: number;
      readonly recordedAtMs: number;
      /** ms since the Unix epoch; absent while a blob is still given out. */
      readonly goneAtMs?: number;
    };

/** First the record, then the blobs: whoever dies in between leaves work that any instance finishes. */
export async function eraseSubject(
  parts: IdentityParts,
  call: CommandCall,
  principal: string,
): Promise<Executed> {
  const executed = await execute(parts, call, { type: 'EraseSubject', principal });
  const recorded = erasures.read(documentsOf(parts.ledger.state), call.tenant, principal);
  if (recorded !== undefined) await eraseBlobs(parts.blobs, recorded.vaultIds);
  return executed;
}

export async function erasureStatus(
  { ledger, blobs, clock }: Pick<IdentityParts, 'ledger' | 'blobs' | 'clock'>,
  tenant: string,
  principal: string,
): Promise<ErasureStatus> {
  const recorded = erasures.read(documentsOf(ledger.state), tenant, principal);
  if (recorded === undefined) return { state: 'NONE' };
  const facts = { blobs: recorded.vaultIds.length, recordedAtMs: recorded.atMs };
  let lastMs = recorded.atMs;
  for (const id of recorded.vaultIds) {
    const erasedAtMs = await blobs.erasedAt(id);
    if (erasedAtMs === undefined) return { state: 'ERASING', ...facts };
    lastMs = Math.max(lastMs, erasedAtMs);
  }
  const goneAtMs = lastMs + blobs.goneAfterMs;
  return { state: clock.wallMs() < goneAtMs ? 'ERASING' : 'ERASED', ...facts, goneAtMs };
}

async function eraseBlobs(blobs: BlobStore, ids: readonly string[]): Promise<void> {
  for (const id of ids) if ((await blobs.erasedAt(id)) === undefined) await blobs.erase(id);
}
