import type { Vault } from '#libs/ledger/vault.js';

/** What the sweep and erasures need of the vault: ids and times, nothing of what is sealed. */
export type BlobStore = Pick<Vault, 'list' | 'erase' | 'erasedAt' | 'goneAfterMs'>;
