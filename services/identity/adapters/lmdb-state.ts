import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import type { CommandRecord } from '#libs/decider/fold-event.js';
import type { Document } from '#libs/decider/state-store.js';
import { canonicalJson } from '#services/identity/adapters/canonical-json.js';
import { expiryOf, LmdbExpiries } from '#services/identity/adapters/lmdb-expiries.js';
import { RecentDocuments } from '#services/identity/adapters/recent-documents.js';
import { releaseStateFolder, takeStateFolder } from '#services/identity/adapters/state-folder.js';
import type { FoldedState, StatePoint } from '#services/identity/ports/folded-state.js';

/** Raised whenever documents change their shape: each version has a folder, and is built from the ledger. */
export const STATE_VERSION = 2;
/** The same for the documents of ledger S. */
export const SESSION_STATE_VERSION = 1;

export interface StateForm {
  readonly version: number;
  /** Documents say when they are over, and are swept after it. */
  readonly expiring?: boolean;
}

/** Of ledger S. */
export const sessionStateForm: StateForm = { version: SESSION_STATE_VERSION, expiring: true };

interface Meta {
  readonly stateVersion: number;
  readonly position: number;
  /** Hex. */
  readonly chain: string;
}

const startMeta = { position: -1, chain: '00'.repeat(32) };
/** Documents hashed between two looks at the rest of the event loop. */
const HASH_SLICE = 2_000;
/** Above every byte of UTF-8. */
const AFTER_ALL = Buffer.from([0xff]);
/** LMDB's own limit, with its pages of 4 KiB. */
const MOST_KEY_BYTES = 1_978;
const COMMAND_KIND = /^[^/]*\/command:/u;

/**
 * The folded state in LMDB. Keys are the UTF-8 bytes of the documents' texts, values JSON. Commits
 * are not flushed: killing the process loses nothing, and after a crash of the machine the folder
 * is not trusted (see `takeStateFolder`).
 */
export class LmdbState implements FoldedState {
  readonly #folder: string;
  readonly #root: RootDatabase;
  /** JSON. */
  readonly #documents: Database<string, Buffer>;
  readonly #recent = new RecentDocuments();
  /** Position → text of the command record that was written there. */
  readonly #commands: Database<string, number>;
  readonly #quarantined: Database<true, Buffer>;
  readonly #meta: Database<Meta, string>;
  readonly #version: number;
  #point: StatePoint;
  #quarantineCount: number;

  readonly #expiries: LmdbExpiries | undefined;

  /** Opens the state in a folder, which is created when it does not exist. */
  constructor(folder: string, { version, expiring }: StateForm = { version: STATE_VERSION }) {
    this.#folder = folder;
    this.#version = version;
    takeStateFolder(folder);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#root = open({ path: folder, noSubdir: false, maxDbs: 8, noSync: true, encoding: 'json' });
    const json = { encoding: 'json' } as const;
    const binaryKeys = { ...json, keyEncoding: 'binary' } as const;
    this.#documents = this.#root.openDB({
      name: 'documents',
      encoding: 'string',
      keyEncoding: 'binary',
    });
    this.#quarantined = this.#root.openDB({ name: 'quarantined', ...binaryKeys });
    this.#commands = this.#root.openDB({ name: 'commands', ...json });
    this.#meta = this.#root.openDB({ name: 'meta', ...json });
    this.#expiries = expiring === true ? new LmdbExpiries(this.#root) : undefined;
    const meta = this.#meta.get('state') ?? this.#startMeta;
    this.#point = pointOf(meta);
    if (meta.stateVersion !== version) this.reset();
    this.#quarantineCount = this.#quarantined.getKeysCount();
  }

  get #startMeta(): Meta {
    return { ...startMeta, stateVersion: this.#version };
  }

  get point(): StatePoint {
    return this.#point;
  }

  quarantinedKeys(): readonly Uint8Array[] {
    return this.#quarantineCount === 0 ? [] : [...this.#quarantined.getKeys()];
  }

  /** A text that is longer than any key can be names nothing; callers may ask for whatever they like. */
  get(text: string): Document | undefined {
    const recent = this.#recent.find(text);
    if (recent !== undefined) return recent.document;
    const key = keyOf(text);
    if (key.length > MOST_KEY_BYTES) return undefined;
    const json = this.#documents.get(key);
    const document = json === undefined ? undefined : documentOf(json);
    this.#recent.read(text, document, json?.length ?? 0);
    return document;
  }

  put(text: string, document: Document): void {
    const json = JSON.stringify(document);
    this.#documents.putSync(keyOf(text), json);
    this.#expiries?.note(text, document, this.#recent.find(text)?.document);
    this.#recent.written(text, json);
    if (COMMAND_KIND.test(text)) {
      this.#commands.putSync((document as CommandRecord).position, text);
    }
  }

  remove(text: string): void {
    this.#documents.removeSync(keyOf(text));
    this.#recent.removed(text);
  }

  *scan(prefix: string, after?: string): Generator<readonly [string, Document]> {
    const from = after === undefined || after < prefix ? prefix : after;
    const end = Buffer.concat([keyOf(prefix), AFTER_ALL]);
    for (const { key, value } of this.#documents.getRange({ start: keyOf(from), end })) {
      const text = key.toString('utf8');
      if (text !== after) yield [text, documentOf(value)];
    }
  }

  commit(point: StatePoint, change: () => void): void {
    this.#wholly(() => {
      change();
      const { position, chain } = point;
      const hex = Buffer.from(chain).toString('hex');
      this.#meta.putSync('state', { stateVersion: this.#version, position, chain: hex });
    });
    this.#point = { position: point.position, chain: Uint8Array.from(point.chain) };
  }

  /** In one transaction. When it fails, what was kept in memory beside it is forgotten with it. */
  #wholly<T>(change: () => T): T {
    try {
      return this.#root.transactionSync(change);
    } catch (error) {
      this.#recent.clear();
      throw error;
    }
  }

  quarantine(keys: readonly Uint8Array[]): void {
    for (const key of keys) this.#quarantined.putSync(Buffer.from(key), true);
    this.#quarantineCount = this.#quarantined.getKeysCount();
  }

  get anyQuarantined(): boolean {
    return this.#quarantineCount > 0;
  }

  isQuarantined(key: Uint8Array): boolean {
    return this.#quarantineCount > 0 && this.#quarantined.get(Buffer.from(key)) === true;
  }

  reset(): void {
    this.#recent.clear();
    this.#wholly(() => {
      this.#documents.clearSync();
      this.#commands.clearSync();
      this.#expiries?.clear();
      this.#quarantined.clearSync();
      this.#meta.putSync('state', this.#startMeta);
    });
    this.#point = pointOf(this.#startMeta);
    this.#quarantineCount = 0;
  }

  async stateHash(atMs = 0): Promise<{ readonly position: number; readonly hash: string }> {
    const transaction = this.#root.useReadTransaction();
    try {
      const { position } = this.#meta.get('state', { transaction }) ?? this.#startMeta;
      const hash = createHash('sha256');
      let seen = 0;
      for (const { key, value } of this.#documents.getRange({ transaction, snapshot: true })) {
        const text = key.toString('utf8');
        const document = documentOf(value);
        const over = this.#expiries !== undefined && (expiryOf(document) ?? atMs) < atMs;
        if (!COMMAND_KIND.test(text) && !over)
          hash.update(`${text}\n${canonicalJson(document)}\n`, 'utf8');
        seen += 1;
        if (seen % HASH_SLICE === 0) await new Promise((resolve) => void setImmediate(resolve));
      }
      for (const key of this.#quarantined.getKeys({ transaction })) hash.update('\n').update(key);
      return { position, hash: hash.digest('hex') };
    } finally {
      transaction.done();
    }
  }

  sweepCommands(logTimeMs: number, limit: number): number {
    const old: [number, string][] = [];
    for (const { key, value } of this.#commands.getRange({ limit })) {
      const record = this.get(value) as CommandRecord | undefined;
      if (record !== undefined && record.position === key && record.atMs >= logTimeMs) break;
      old.push([key, record?.position === key ? value : '']);
    }
    if (old.length === 0) return 0;
    this.#wholly(() => {
      for (const [position, text] of old) {
        this.#commands.removeSync(position);
        if (text !== '') this.remove(text);
      }
    });
    return old.length;
  }

  sweepExpired(beforeMs: number, limit: number): number {
    return this.#wholly(() => {
      const over = this.#expiries?.take(beforeMs, limit, (text) => this.get(text)) ?? [];
      for (const text of over) this.remove(text);
      return over.length;
    });
  }

  /** Flushes, so that the folder can be trusted also after a crash of the machine. */
  async close(): Promise<void> {
    await this.#root.flushed;
    await this.#root.close();
    // With noSync the binding itself never asks the system to write anything out.
    const file = openSync(join(this.#folder, 'data.mdb'), 'r');
    fsyncSync(file);
    closeSync(file);
    releaseStateFolder(this.#folder);
  }
}

function keyOf(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

function documentOf(json: string): Document {
  return JSON.parse(json) as Document;
}

function pointOf(meta: Meta): StatePoint {
  return { position: meta.position, chain: Buffer.from(meta.chain, 'hex') };
}
