import { Failure } from '#libs/errors/failure.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import type { Vault } from '#libs/ledger/vault.js';
import { copyLedger } from './copy-ledger.js';

interface SessionStores {
  readonly sessionLog: EventLog;
}

/**
 * Moves ledger S behind L, which was sealed before: sessions, and what was revoked, go on in the new
 * place. Resolves with its last position there; −1: the cell has none yet.
 */
export async function copySessions(options: {
  readonly from: SessionStores;
  readonly to: SessionStores;
  readonly macKeys: MacKeys;
  readonly successor: string;
}): Promise<number> {
  const { from, to, macKeys, successor } = options;
  if ((await from.sessionLog.end()) === 0) return -1;
  const copied = await copyLedger({
    from: { log: from.sessionLog, vault: noVault, macKeys },
    to: { log: to.sessionLog, vault: noVault },
    successor,
  });
  return copied.position;
}

/** Throws WRONG_STATE for a ledger S that was trimmed: its positions cannot begin elsewhere than at 0. */
export async function requireWhole(sessionLog: EventLog): Promise<void> {
  if ((await sessionLog.start()) === 0) return;
  const why =
    'ledger S has lost its beginning and cannot be copied: export L and restore it, which ends all ' +
    'sessions and tokens';
  throw new Failure('WRONG_STATE', why);
}

/** Ledger S names nothing in a vault. */
const noVault: Vault = {
  goneAfterMs: 0,
  put: () => Promise.resolve(),
  get: () => Promise.resolve(undefined),
  erase: () => Promise.resolve(),
  erasedAt: () => Promise.resolve(0),
  list: async function* none() {},
  close: () => Promise.resolve(),
};
