import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { HmacSha256 } from '#libs/runtime/hmac-sha256.js';
import { macBytes } from './record.js';

/**
 * The keys that prove who may write. Each ledger gets its own key, derived from the ledger secret
 * and the ledger's name, so that a record of one ledger is worthless in another.
 */
export class MacKeys {
  readonly #keys = new Map<number, Uint8Array>();
  readonly #hmacs = new Map<number, HmacSha256>();
  readonly #snapshotKeys = new Map<number, Uint8Array>();
  /** Ids of the keys that this process holds, ascending. */
  readonly ids: readonly number[];

  /** `secrets`: mac key id → ledger secret of at least 32 bytes. */
  constructor(ledger: string, secrets: ReadonlyMap<number, Uint8Array>) {
    if (secrets.size === 0) throw new RangeError('at least one ledger secret is needed');
    for (const [id, secret] of secrets) {
      if (secret.length < 32) throw new RangeError('a ledger secret has at least 32 bytes');
      const info = `ledgate/ledger-mac/v1/${ledger}`;
      const key = new Uint8Array(hkdfSync('sha256', secret, '', info, 32));
      this.#keys.set(id, key);
      this.#hmacs.set(id, new HmacSha256(key));
      const ofSnapshots = `ledgate/snapshot-mac/v1/${ledger}`;
      this.#snapshotKeys.set(id, new Uint8Array(hkdfSync('sha256', secret, '', ofSnapshots, 32)));
    }
    this.ids = [...secrets.keys()].sort((a, b) => a - b);
  }

  has(id: number): boolean {
    return this.#keys.has(id);
  }

  /** The first 16 bytes of HMAC-SHA-256 over a record's hash. */
  mac(id: number, hash: Uint8Array): Uint8Array {
    const hmac = this.#hmacs.get(id);
    if (hmac === undefined) throw new RangeError(`no mac key ${id}`);
    return hmac.of(hash).subarray(0, macBytes);
  }

  verify(id: number, hash: Uint8Array, mac: Uint8Array): boolean {
    return timingSafeEqual(this.mac(id, hash), mac);
  }

  /**
   * HMAC-SHA-256 over the digest of a snapshot, under a key of its own derived from the newest secret
   * held: with an older one, which may have leaked, nobody can make a state that is trusted.
   */
  snapshotMac(digest: Uint8Array): Uint8Array {
    const key = this.#snapshotKeys.get(this.ids.at(-1) ?? 0) as Uint8Array;
    return createHmac('sha256', key).update(digest).digest();
  }

  /** Tells whether a configured secret is the right one, without revealing it (hex, 8 bytes). */
  checkValue(id: number): string {
    const key = this.#keys.get(id);
    if (key === undefined) throw new RangeError(`no mac key ${id}`);
    return createHmac('sha256', key).update('ledgate/key-check').digest('hex').slice(0, 16);
  }
}
