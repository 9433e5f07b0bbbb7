import { createCipheriv, createDecipheriv, type DecipherGCM } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { MasterKeys } from '#libs/runtime/master-keys.js';
import type { Random } from '#libs/runtime/ids.js';

/** What a text was sealed for; it opens for nothing else. */
export type SealedPurpose =
  | 'interaction'
  | 'browser state'
  | 'pushed request'
  | 'code artifact'
  | 'device artifact'
  | 'upstream login';

const format = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headerBytes = 2 + nonceBytes;
/** Longest text that is looked at, and the most that it may inflate to. */
const longestText = 16_384;
const maxPlainBytes = 65_536;

/**
 * Notes to ourselves that others carry, or that lie in the ledger: AES-256-GCM (NIST SP 800-38D)
 * under a key derived from the master key, so that every instance opens what another sealed.
 * base64url of: format (1) · key version (1) · nonce (12) · ciphertext · tag (16); what is sealed is
 * the deflated JSON of expiry and content. The purpose is authenticated with it.
 */
export class SealedText {
  readonly #keys: MasterKeys;
  readonly #random: Random;

  constructor(keys: MasterKeys, random: Random) {
    this.#keys = keys;
    this.#random = random;
  }

  /** `expiresAtMs` since the Unix epoch. */
  seal(purpose: SealedPurpose, content: object, expiresAtMs: number): string {
    const header = Buffer.from([format, this.#keys.version]);
    const nonce = this.#random.bytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key(this.#keys.version), nonce);
    cipher.setAAD(additional(header, purpose));
    const plain = deflateRawSync(JSON.stringify([expiresAtMs, content]));
    const body = [header, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(body).toString('base64url');
  }

  /** Undefined: not ours, sealed for something else, or expired. */
  open(purpose: SealedPurpose, text: string, nowMs: number): unknown {
    if (text.length > longestText) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length < headerBytes + tagBytes || bytes[0] !== format) return undefined;
    const version = bytes[1] ?? 0;
    if (!this.#keys.versions().includes(version)) return undefined;
    const nonce = bytes.subarray(2, headerBytes);
    const options = { authTagLength: tagBytes };
    const decipher = createDecipheriv('aes-256-gcm', this.#key(version), nonce, options);
    decipher.setAAD(additional(bytes.subarray(0, 2), purpose));
    return readPlain(decipher, bytes, nowMs);
  }

  #key(version: number): Uint8Array {
    return this.#keys.derive('oidc cookies', version);
  }
}

function readPlain(decipher: DecipherGCM, bytes: Buffer, nowMs: number): unknown {
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
  try {
    const sealed = bytes.subarray(headerBytes, bytes.length - tagBytes);
    const deflated = Buffer.concat([decipher.update(sealed), decipher.final()]);
    const plain = inflateRawSync(deflated, { maxOutputLength: maxPlainBytes }).toString('utf8');
    const [expiresAtMs, content] = JSON.parse(plain) as [number, unknown];
    return expiresAtMs > nowMs ? content : undefined;
  } catch {
    return undefined;
  }
}

function additional(header: Uint8Array, purpose: SealedPurpose): Buffer {
  return Buffer.concat([header, Buffer.from(`ledgate oidc 1\0${purpose}`, 'utf8')]);
}
