import type { KeyKind } from '#libs/events/keys.js';

import type { Stored } from './stored.js';

/** Hash of a ledger key (16 bytes): `keyHash` of `libs/events/keys.ts`, handed in. */
export type KeyHash = (tenant: string, kind: KeyKind, id: string) => Uint8Array;

/**
 * Write keys of records that this build could not read. What touches one cannot be decided. Kept as
 * texts of their 128 bits; while there are none, evaluation pays one comparison.
 */
export class Quarantine implements Stored {
  #keys = new Set<string>();
  readonly #keyHash: KeyHash;

  constructor(keyHash: KeyHash) {
    this.#keyHash = keyHash;
  }

  get size(): number {
    return this.#keys.size;
  }

  add(hash: Uint8Array): void {
    this.#keys.add(textOf(hash));
  }

  holds(tenant: string, kind: KeyKind, id: string): boolean {
    return this.#keys.size > 0 && this.#keys.has(textOf(this.#keyHash(tenant, kind, id)));
  }

  save() {
    return { keys: this.#keys };
  }

  load({ keys }: ReturnType<Quarantine['save']>): void {
    this.#keys = keys;
  }

  /** The keys as hexadecimal texts, in no particular order. */
  keys(): Iterable<string> {
    return this.#keys;
  }
}

function textOf(hash: Uint8Array): string {
  let text = '';
  for (const byte of hash) text += byte.toString(16).padStart(2, '0');
  return text;
}
