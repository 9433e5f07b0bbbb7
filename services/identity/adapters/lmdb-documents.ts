import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { open, type Database, type RootDatabase, type Transaction } from 'lmdb';
import { Failure } from '#libs/errors/failure.js';
import { canonicalJson } from '#services/identity/adapters/canonical-json.js';
import { expiryOf } from '#services/identity/adapters/lmdb-expiries.js';
import type { StatePoint } from '#services/identity/ports/folded-state.js';

/** A document, or a quarantined key, of a state; two are the same when text and value are. */
export interface StoredLine {
  /** Bytes that order the lines. */
  readonly key: Buffer;
  readonly text: string;
  readonly value: string;
}

interface Meta {
  readonly stateVersion: number;
  readonly position: number;
  readonly chain: string;
}

const commandKind = /^[^/]*\/command:/u;

/**
 * The documents in a state folder, as they are at one moment, read beside the instance that serves from
 * it. Nothing is written, and no lock is taken. While it is open the other instance cannot reuse space.
 */
export class LmdbDocuments {
  readonly #root: RootDatabase;
  readonly #documents: Database<unknown, Buffer>;
  readonly #quarantined: Database<true, Buffer>;
  readonly #transaction: Transaction;
  readonly point: StatePoint;
  /** Version of the form of the documents. */
  readonly version: number;

  /** Throws Failure NOT_FOUND when there is no state in the folder. */
  constructor(folder: string) {
    if (!existsSync(join(folder, 'data.mdb'))) {
      throw new Failure('NOT_FOUND', `there is no state in ${folder}`);
    }
    this.#root = open({ path: folder, noSubdir: false, maxDbs: 8, readOnly: true });
    const json = { encoding: 'json' } as const;
    const binaryKeys = { ...json, keyEncoding: 'binary' } as const;
    this.#documents = this.#root.openDB({ name: 'documents', ...binaryKeys });
    this.#quarantined = this.#root.openDB({ name: 'quarantined', ...binaryKeys });
    const meta = this.#root.openDB<Meta, string>({
      name: 'meta',
      ...json,
    });
    this.#transaction = this.#root.useReadTransaction();
    const at = meta.get('state', { transaction: this.#transaction });
    this.version = at?.stateVersion ?? 0;
    this.point = {
      position: at?.position ?? -1,
      chain: Buffer.from(at?.chain ?? '00'.repeat(32), 'hex'),
    };
  }

  /**
   * In order. Command ids, and what was over before a time, are left out: each instance sweeps them at
   * its own time.
   */
  *lines(overMs = 0): Generator<StoredLine> {
    const transaction = this.#transaction;
    for (const { key, value } of this.#documents.getRange({ transaction, snapshot: true })) {
      const text = key.toString('utf8');
      const over = (expiryOf(value as object) ?? overMs) < overMs;
      if (!commandKind.test(text) && !over) yield { key, text, value: canonicalJson(value) };
    }
  }

  *quarantined(): Generator<StoredLine> {
    for (const key of this.#quarantined.getKeys({ transaction: this.#transaction })) {
      yield { key, text: `quarantined ${key.toString('hex')}`, value: '' };
    }
  }

  async close(): Promise<void> {
    this.#transaction.done();
    await this.#root.close();
  }
}

export interface StateDifference {
  readonly text: string;
  readonly in: 'first' | 'second' | 'both';
}

/**
 * What differs between two states, in order: only in one of them, or in both with other values. What was
 * over before `overMs` (ms since the Unix epoch; default: nothing) is swept by each instance at its own
 * time and is left out.
 */
export function* differences(
  first: LmdbDocuments,
  second: LmdbDocuments,
  overMs = 0,
): Generator<StateDifference> {
  yield* compare(first.lines(overMs), second.lines(overMs));
  yield* compare(first.quarantined(), second.quarantined());
}

function* compare(
  first: Iterator<StoredLine, undefined>,
  second: Iterator<StoredLine, undefined>,
): Generator<StateDifference> {
  let one = first.next().value;
  let other = second.next().value;
  while (one !== undefined || other !== undefined) {
    const order = orderOf(one, other);
    if (order < 0) yield { text: one?.text ?? '', in: 'first' };
    else if (order > 0) yield { text: other?.text ?? '', in: 'second' };
    else if (one?.value !== other?.value) yield { text: one?.text ?? '', in: 'both' };
    if (order <= 0) one = first.next().value;
    if (order >= 0) other = second.next().value;
  }
}

function orderOf(one: StoredLine | undefined, other: StoredLine | undefined): number {
  if (one === undefined) return 1;
  return other === undefined ? -1 : Buffer.compare(one.key, other.key);
}
