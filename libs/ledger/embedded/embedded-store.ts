import { mkdirSync, realpathSync } from 'node:fs';
import type { RootDatabase } from 'lmdb';
import { open } from 'lmdb';
import type { Clock } from '#libs/runtime/clock.js';
import { systemClock } from '#libs/runtime/clock.js';
import { bellOf } from '#libs/ledger/embedded/commit-bell.js';
import { EmbeddedLog } from '#libs/ledger/embedded/embedded-log.js';
import { EmbeddedVault } from '#libs/ledger/embedded/embedded-vault.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { Vault } from '#libs/ledger/vault.js';

export interface EmbeddedStoreOptions {
  readonly clock?: Clock;
  /** A tail at the end yields an empty batch at least this often, ms (L5). Default 500. */
  readonly idleMs?: number;
}

/**
 * The logs and the vault of one data directory, in one LMDB environment. Several processes may have
 * it open at once: `ledgate tail` and `verify` read beside a running server.
 */
export interface EmbeddedStore {
  /** The log of that name; created by its first append. Closing it leaves the store open. */
  log(name: string): EventLog;
  vault(): Vault;
  /** Waits for appends under way, ends all tails, closes the environment. */
  close(): Promise<void>;
}

/** Opens the store in `directory`, which is created if it does not exist. */
export function openEmbeddedStore(
  directory: string,
  options: EmbeddedStoreOptions = {},
): EmbeddedStore {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = realpathSync(directory);
  const environment: RootDatabase<Buffer, number> = open({
    path,
    noSubdir: false,
    maxDbs: 16,
    encoding: 'binary',
    // A transaction becomes visible, and is acknowledged, only after it has reached the disk.
    overlappingSync: false,
  });
  // A process that was killed leaves its reader slot behind, and old pages would never be reused.
  environment.readerCheck();
  const logs = new Set<EventLog>();
  return {
    log: (name) => {
      const log: EmbeddedLog = new EmbeddedLog({
        name,
        environment,
        entries: environment.openDB<Buffer, number>({ name: `log:${name}`, encoding: 'binary' }),
        bell: bellOf(`${path}\n${name}`),
        clock: options.clock ?? systemClock,
        idleMs: options.idleMs ?? 500,
        onClose: async () => void logs.delete(log),
      });
      logs.add(log);
      return log;
    },
    vault: () =>
      new EmbeddedVault({
        environment,
        blobs: environment.openDB<Buffer, string>({ name: 'vault', encoding: 'binary' }),
        clock: options.clock ?? systemClock,
        onClose: async () => {},
      }),
    close: async () => {
      for (const log of logs) await log.close();
      await environment.close();
    },
  };
}

/** One log in a directory of its own; closing it closes the store. */
export function openEmbeddedLog(
  options: EmbeddedStoreOptions & { readonly path: string; readonly name: string },
): EventLog {
  const store = openEmbeddedStore(options.path, options);
  return closingWith(store.log(options.name), store);
}

/** The vault of a directory; closing it closes the store. */
export function openEmbeddedVault(options: { readonly path: string }): Vault {
  const store = openEmbeddedStore(options.path);
  const vault = store.vault();
  return {
    put: (id, blob) => vault.put(id, blob),
    get: (id, timeoutMs) => vault.get(id, timeoutMs),
    erase: (id) => vault.erase(id),
    list: () => vault.list(),
    erasedAt: (id) => vault.erasedAt(id),
    goneAfterMs: vault.goneAfterMs,
    close: () => store.close(),
  };
}

function closingWith(log: EventLog, store: EmbeddedStore): EventLog {
  return {
    name: log.name,
    append: (values) => log.append(values),
    tail: (from, signal) => log.tail(from, signal),
    read: (position) => log.read(position),
    end: () => log.end(),
    start: () => log.start(),
    trim: (before) => log.trim(before),
    close: () => store.close(),
  };
}
