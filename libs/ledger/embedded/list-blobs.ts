import type { Database } from 'lmdb';
import { putAtMsOf } from '#libs/ledger/embedded/stored-blob.js';
import type { VaultEntry } from '#libs/ledger/vault.js';

/** Entries that are read in one go: old pages are kept for readers, so none stays open for long. */
const PAGE = 1_024;

/** The blobs of a database that `storedBlob` filled, in the order of their ids. */
export async function* listBlobs(blobs: Database<Buffer, string>): AsyncIterable<VaultEntry> {
  let after: string | undefined;
  for (;;) {
    blobs.resetReadTxn();
    const page = pageAfter(blobs, after);
    for (const { id, putAtMs } of page) if (putAtMs !== undefined) yield { id, putAtMs };
    if (page.length < PAGE) return;
    after = page.at(-1)?.id;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function pageAfter(
  blobs: Database<Buffer, string>,
  after: string | undefined,
): { readonly id: string; readonly putAtMs: number | undefined }[] {
  const page: { id: string; putAtMs: number | undefined }[] = [];
  const range = after === undefined ? { limit: PAGE } : { start: after, limit: PAGE + 1 };
  for (const { key, value } of blobs.getRange(range)) {
    if (key !== after) page.push({ id: key, putAtMs: putAtMsOf(value) });
  }
  return page.slice(0, PAGE);
}
