import { expect, it } from 'vitest';
import { MemoryStore } from '#libs/decider/memory-store.js';
import { erasureStatus } from '#services/identity/app/erasure.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import type { BlobStore } from '#services/identity/ports/blob-store.js';

const dayMs = 86_400_000;
const recordedAtMs = 10 * dayMs;

/** The status on a store that removes within two days, as Kafka does. */
function statusAt(nowMs: number, erasedAtMs: Readonly<Record<string, number | undefined>>) {
  const state = new MemoryStore();
  const vaultIds = Object.keys(erasedAtMs);
  state.put('t/erasure:p', { vaultIds, atMs: recordedAtMs, position: 7 });
  const blobs: BlobStore = {
    goneAfterMs: 2 * dayMs,
    erasedAt: (id) => Promise.resolve(erasedAtMs[id]),
    erase: () => Promise.resolve(),
    async *list() {},
  };
  const clock = { wallMs: () => nowMs };
  const parts = { ledger: { state } as unknown as LedgerSession, blobs, clock };
  return erasureStatus(parts as Parameters<typeof erasureStatus>[0], 't', 'p');
}

it('an erasure is done only when the last tombstone is as old as removal may take', async () => {
  const facts = { blobs: 2, recordedAtMs };
  const late = recordedAtMs + dayMs;
  expect(await statusAt(late, { a: recordedAtMs, b: undefined })).toEqual({
    state: 'ERASING',
    ...facts,
  });
  const goneAtMs = late + 2 * dayMs;
  const erasedAtMs = { a: recordedAtMs, b: late };
  expect(await statusAt(goneAtMs - 1, erasedAtMs)).toEqual({
    state: 'ERASING',
    ...facts,
    goneAtMs,
  });
  expect(await statusAt(goneAtMs, erasedAtMs)).toEqual({ state: 'ERASED', ...facts, goneAtMs });
});

it('ids that the store has forgotten were erased long ago', async () => {
  const goneAtMs = recordedAtMs + 2 * dayMs;
  const status = { state: 'ERASED', blobs: 1, recordedAtMs, goneAtMs };
  expect(await statusAt(recordedAtMs + 9 * dayMs, { a: 0 })).toEqual(status);
});
