import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { MasterKeys } from '#libs/runtime/master-keys.js';
import type { Ids, Random } from '#libs/runtime/ids.js';
import type {
  OpenedTicket,
  TicketBox,
  TicketPurpose,
} from '#services/identity/ports/ticket-box.js';

const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 2 + NONCE_BYTES;
/** Longest text that is even looked at, in UTF-16 units. */
const LONGEST_TEXT = 8_192;

/**
 * AES-256-GCM (NIST SP 800-38D) under a key derived from the master key, so that every instance opens
 * what another one sealed. base64url of: format (1 byte) · key version (1) · nonce (12) · ciphertext ·
 * tag (16); the purpose is authenticated with it. What an older master key sealed opens while that
 * key is held.
 */
export class SealedTickets implements TicketBox {
  readonly #keys: MasterKeys;
  readonly #ids: Ids;
  readonly #random: Random;

  constructor(keys: MasterKeys, ids: Ids, random: Random) {
    this.#keys = keys;
    this.#ids = ids;
    this.#random = random;
  }

  seal(purpose: TicketPurpose, content: object, expiresAtMs: number): string {
    const header = Buffer.from([FORMAT, this.#keys.version]);
    const nonce = this.#random.bytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key(this.#keys.version), nonce);
    cipher.setAAD(additional(header, purpose));
    const plain = JSON.stringify({ id: this.#ids.uuid(), exp: expiresAtMs, content });
    return Buffer.concat([
      header,
      nonce,
      cipher.update(plain, 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]).toString('base64url');
  }

  open(purpose: TicketPurpose, text: string, nowMs: number): OpenedTicket | undefined {
    if (text.length > LONGEST_TEXT) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    const version = bytes[1] ?? 0;
    // One text for each ticket: other spellings of the same bytes are not accepted.
    if (bytes.toString('base64url') !== text || bytes.length < HEADER_BYTES + TAG_BYTES) {
      return undefined;
    }
    if (bytes[0] !== FORMAT || !this.#keys.versions().includes(version)) return undefined;
    const decipher = createDecipheriv(
      'aes-256-gcm',
      this.#key(version),
      bytes.subarray(2, HEADER_BYTES),
      { authTagLength: TAG_BYTES },
    );
    decipher.setAAD(additional(bytes.subarray(0, 2), purpose));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    try {
      const plain = decipher.update(bytes.subarray(HEADER_BYTES, bytes.length - TAG_BYTES));
      const { id, exp, content } = JSON.parse(
        Buffer.concat([plain, decipher.final()]).toString('utf8'),
      ) as { id: string; exp: number; content: unknown };
      return exp > nowMs ? { id, content, expiresAtMs: exp } : undefined;
    } catch {
      return undefined;
    }
  }

  #key(version: number): Uint8Array {
    return this.#keys.derive('login tickets', version);
  }
}

function additional(header: Uint8Array, purpose: string): Buffer {
  return Buffer.concat([header, Buffer.from(`ledgate ticket 1\0${purpose}`, 'utf8')]);
}
