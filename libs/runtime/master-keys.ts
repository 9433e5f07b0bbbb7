import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { systemRandom, type Random } from './ids.js';
import type { Secret } from './secret.js';

/** Classes of sealed things; each has a key of its own. */
export type SecretClass = 'PROFILE' | 'SECRET' | 'SIGNING_KEY';

/** What a blob is bound to: opening it as anything else fails. Empty strings are allowed. */
export interface SealedFor {
  readonly vaultId: string;
  readonly class: SecretClass;
  readonly tenant: string;
  readonly principal: string;
}

/** The blob was changed, is bound to something else, or its master key is not here. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

/** The text does not hold usable master keys. The message never repeats any of it. */
export class MasterKeysRefused extends Error {
  override readonly name = 'MasterKeysRefused';
}

const format = 1;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const headerBytes = 2 + nonceBytes;

/**
 * The master keys of a cell, by version: the highest seals, all open. HKDF-SHA-256 (RFC 5869)
 * gives one key per class, AES-256-GCM (NIST SP 800-38D) seals with a random nonce.
 *
 * Blob: format (1 byte) · key version (1) · nonce (12) · ciphertext · tag (16).
 */
export class MasterKeys {
  /** Version that seals: 1 to 255. */
  readonly version: number;
  readonly #keys: ReadonlyMap<number, Uint8Array>;
  readonly #derived = new Map<string, Buffer>();
  readonly #random: Random;

  /** @throws MasterKeysRefused */
  constructor(keys: ReadonlyMap<number, Uint8Array>, random: Random = systemRandom) {
    for (const [version, key] of keys) {
      if (!Number.isInteger(version) || version < 1 || version > 255) {
        throw new MasterKeysRefused('a master key version is a whole number from 1 to 255');
      }
      if (key.length !== keyBytes) throw new MasterKeysRefused('a master key has 32 bytes');
      if (key.every((byte) => byte === key[0])) {
        throw new MasterKeysRefused('a master key must be random, e.g. from openssl rand -hex 32');
      }
    }
    if (keys.size === 0) throw new MasterKeysRefused('there is no master key');
    this.#keys = keys;
    this.#random = random;
    this.version = Math.max(...keys.keys());
  }

  /**
   * `<version>:<base64, base64url or hex of 32 bytes>`, comma separated; a bare key is version 1.
   *
   * @throws MasterKeysRefused
   */
  static parse(text: Secret, random: Random = systemRandom): MasterKeys {
    const keys = new Map<number, Uint8Array>();
    for (const part of text.reveal().split(',')) {
      const match = /^\s*(?:(\d{1,3}):)?([A-Za-z0-9+/_-]+=?)\s*$/.exec(part);
      if (match === null) {
        throw new MasterKeysRefused('expected <version>:<32 bytes in hex or base64>, …');
      }
      const version = Number(match[1] ?? 1);
      const encoded = match[2] ?? '';
      if (keys.has(version)) throw new MasterKeysRefused(`master key version ${version} is twice`);
      keys.set(version, Buffer.from(encoded, /^[0-9a-fA-F]{64}$/.test(encoded) ? 'hex' : 'base64'));
    }
    return new MasterKeys(keys, random);
  }

  /** Seals; the blob says which key version it needs. */
  seal(plain: Uint8Array, bound: SealedFor): Uint8Array {
    const nonce = this.#random.bytes(nonceBytes);
    const key = this.#key(this.version, `class ${bound.class}`);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    const header = Buffer.from([format, this.version]);
    cipher.setAAD(additionalData(header, bound));
    return Buffer.concat([
      header,
      nonce,
      cipher.update(plain),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
  }

  /** @throws SealBroken */
  open(blob: Uint8Array, bound: SealedFor): Uint8Array {
    const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
    if (bytes.length < headerBytes + tagBytes || bytes[0] !== format) {
      throw new SealBroken('not a sealed blob');
    }
    const version = bytes[1] ?? 0;
    if (!this.#keys.has(version)) throw new SealBroken(`master key version ${version} is not here`);
    const key = this.#key(version, `class ${bound.class}`);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(2, headerBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(additionalData(bytes.subarray(0, 2), bound));
    decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
    try {
      const plain = decipher.update(bytes.subarray(headerBytes, bytes.length - tagBytes));
      return Buffer.concat([plain, decipher.final()]);
    } catch {
      throw new SealBroken(
        'the blob was changed, is bound elsewhere, or the master key is another',
      );
    }
  }

  /** True when the blob was sealed under an older version: seal it again. */
  isOutdated(blob: Uint8Array): boolean {
    return blob[1] !== this.version;
  }

  /** Versions held, ascending. */
  versions(): number[] {
    return [...this.#keys.keys()].sort((a, b) => a - b);
  }

  /** 16 hex digits that identify a key without telling it; GENESIS keeps them. */
  checkValue(version = this.version): string {
    const key = this.#key(version, 'key check');
    return createHmac('sha256', key).update('ledgate key check value 1').digest('hex').slice(0, 16);
  }

  /** 32 bytes for another purpose (page tokens, links): no purpose's key tells another's. */
  derive(purpose: string, version = this.version): Uint8Array {
    return new Uint8Array(this.#key(version, `purpose ${purpose}`));
  }

  #key(version: number, label: string): Buffer {
    const name = `${version} ${label}`;
    const known = this.#derived.get(name);
    if (known !== undefined) return known;
    const master = this.#keys.get(version);
    if (master === undefined) throw new SealBroken(`master key version ${version} is not here`);
    const info = `ledgate master key 1: ${label}`;
    const key = Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), info, keyBytes));
    this.#derived.set(name, key);
    return key;
  }
}

/** Each part behind its length (32 bits): no two different bindings give the same bytes. */
function additionalData(header: Uint8Array, bound: SealedFor): Buffer {
  const parts: Buffer[] = [Buffer.from(header)];
  for (const text of [bound.vaultId, bound.class, bound.tenant, bound.principal]) {
    const bytes = Buffer.from(text, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}
